"""The other side of `sandbox`: a process that decodes pictures, may do nothing else, and ends with its parent.

Started with the parent's import path and process id and the bytes of address space that it may use. Requests come in at
descriptor 0, answers go out at descriptor 1. Of the failures of a picture it answers those that are `refusals`; any
other ends it, which its parent takes for an answer too.
"""

from __future__ import annotations

import ctypes
import importlib
import math
import os
import resource
import signal
import sys

from PIL import AvifImagePlugin, Image

from tawatur.imaging.canvas import draw
from tawatur.imaging.metadata import stripped
from tawatur.imaging.refusals import DecoderFailed, ImageRefused
from tawatur.imaging.wire import HEADER, Answer, Drawn, DrawRequest, Ready, Refusal, Request, Stripped, framed
from tawatur.imaging.wire import decode_request as decoded

_SET_DEATH_SIGNAL, _NO_NEW_PRIVILEGES = 1, 38  # linux/prctl.h

# What Pillow imports only when a picture asks for it; nothing can be opened any more by then.
_IMPORTED_LATE = (
    "copy",
    "mmap",
    "PIL.ImageColor",
    "PIL.ImageFilter",
    "PIL.ImagePalette",
    "PIL.MpoImagePlugin",
    "PIL.TiffImagePlugin",
)

_TOO_MUCH_MEMORY = (
    "Decoding the picture takes more memory than one picture may have here. Save it anew, smaller, and send that."
)


def main() -> None:
    """Serve until the parent closes its end."""
    end_with_parent(int(sys.argv[2]))
    Image.preinit()
    for name in _IMPORTED_LATE:
        importlib.import_module(name)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    confine(int(sys.argv[3]))
    _send(Ready())
    while (request := _received()) is not None:
        allow_seconds(request.patience_s)
        answer = answered(request)
        _send(answer)
        if isinstance(answer, Refusal) and answer.kind == DecoderFailed.__name__:
            return


def answered(request: Request) -> Answer:
    """What comes of a request."""
    try:
        if isinstance(request, DrawRequest):
            return Drawn(draw(request.data, request.limits))
        return Stripped(stripped(request.data))
    except ImageRefused as refused:
        if not isinstance(refused.__cause__, MemoryError):
            return Refusal(type(refused).__name__, str(refused))
    except MemoryError:
        pass
    return Refusal(DecoderFailed.__name__, _TOO_MUCH_MEMORY)


def end_with_parent(parent: int) -> None:
    """Have the kernel end this process with its parent, should it hang when the parent dies."""
    if sys.platform == "linux":
        kernel = ctypes.CDLL(None)
        kernel.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        if os.getppid() != parent:  # it died before the first call
            os._exit(1)


def confine(address_space: int) -> None:
    """Give up for good: writing files, opening anything, memory beyond `address_space` bytes, and core dumps."""
    if sys.platform == "linux":  # macOS has the limit but does not take one
        resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    for what, most in (
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),  # those that are open: the channel and a stderr that leads nowhere
    ):
        resource.setrlimit(what, (most, most))


def allow_seconds(seconds: float) -> None:
    """End this process when it computes for longer than this from now on, whole seconds up."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(usage.ru_utime + usage.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _received() -> Request | None:
    header = _read(HEADER.size)
    return None if header is None else decoded(_read(HEADER.unpack(header)[0]) or b"")


def _read(size: int) -> bytearray | None:
    into = bytearray(size)
    view, filled = memoryview(into), 0
    while filled < size:
        count = os.readv(0, [view[filled:]])
        if not count:
            return None
        filled += count
    return into


def _send(answer: Answer) -> None:
    rest = memoryview(framed(answer))
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main()
