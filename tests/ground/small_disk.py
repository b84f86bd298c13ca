"""A disk of a few megabytes that can be filled: a tmpfs in a mount namespace that only the server under test sees.

Nothing is mounted for anybody else, and nothing is left behind: it ends with the process that holds it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.ground.process import dies_with_parent

_MOUNT = 'mount -t tmpfs -o size="$1" tawatur-test "$2" && echo ready && exec sleep 3600'


class NoSmallDisk(RuntimeError):
    """This machine does not let us mount one; the message says why."""


class SmallDisk:
    """`path` is where the server finds it, `within` what goes before its command, `outside` where the test finds it."""

    def __init__(self, path: Path, size: str = "12m") -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        if not (shutil.which("unshare") and shutil.which("nsenter")):
            raise NoSmallDisk("no small disk: unshare and nsenter (util-linux) are not installed")
        as_root = os.geteuid() == 0
        command = ["unshare", *([] if as_root else ["--user", "--map-root-user"]), "--mount"]
        self._holder = subprocess.Popen(
            [*command, "sh", "-c", _MOUNT, "sh", size, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"ready\n":
            _, said = self._holder.communicate()
            raise NoSmallDisk(f"no small disk: this machine does not allow it ({said.decode().strip()[:200]})")
        target = ["--target", str(self._holder.pid), "--mount"]
        self.within = ["nsenter", *target, *([] if as_root else ["--user", "--preserve-credentials"]), "--"]
        self.outside = Path(f"/proc/{self._holder.pid}/root{path}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._holder.kill()
        self._holder.communicate()

    def fill(self, leave: int = 0) -> None:
        """Takes all the space but `leave` bytes."""
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while file.write(bytes(65536)):
                pass
        with self._filler.open("r+b") as file:
            file.truncate(max(0, self._filler.stat().st_size - leave))

    def free(self) -> None:
        self._filler.unlink()

    @property
    def _filler(self) -> Path:
        return self.outside / "filler"
