"""Names a process so that others on the same machine can tell, without asking, that it is no more.

An endpoint is held for some seconds at a time (courier.py). After a crash nobody has to wait for their end where the
name says that its process is gone; anywhere else the seconds decide.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_PROC = Path("/proc")


def new_name() -> str:
    """`machine/process/start/…`, the last at random, for somebody in this process; `unknown/…` where the system does
    not tell."""
    here, start, own = _machine(), _start(os.getpid()), secrets.token_hex(8)
    return f"unknown/{own}" if here is None or start is None else f"{here}/{os.getpid()}/{start}/{own}"


def is_no_more(name: str) -> bool:
    """Whether the process of this name ran here and has ended; False where that cannot be known."""
    machine, _, rest = name.partition("/")
    pid, _, rest = rest.partition("/")
    start, _, _ = rest.partition("/")
    return bool(start) and machine == _machine() and pid.isdigit() and _start(int(pid)) != start


def _machine() -> str | None:
    """This start of this machine, and the space in which its process ids are unique."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}.{(_PROC / 'self/ns/pid').readlink()}".replace("/", ".")
    except OSError:
        return None


def _start(pid: int) -> str | None:
    """When the process began, in the kernel's ticks; None where there is none."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
