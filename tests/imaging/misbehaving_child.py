"""A decoding child that does as the file says, in all that goes wrong: for `test_sandbox` alone."""

import os
import signal
import time
from pathlib import Path

from tawatur.imaging import child
from tawatur.imaging.canvas import Canvas, Limits, draw

WRITTEN = Path("/tmp/written-by-a-decoder")


def misled(data: bytes, limits: Limits) -> Canvas:
    order = data.removeprefix(b"do ").decode() if data.startswith(b"do ") else ""
    match order:
        case "hang":
            time.sleep(60)
        case "compute":
            while True:
                pass
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "eat":
            bytearray(2_000_000_000)
        case "fail":
            raise KeyError("nobody foresaw this")
        case "write":
            WRITTEN.write_text("here I was")
        case "gibberish":
            os.write(1, b"\x00" * 7 + b"\x05hello")
        case "flood":
            os.write(1, b"\xff" * 1_000_000)
        case "lie":
            return Canvas("image/png", 100, 100, 100, 100, b"too few")
        case "descriptors":
            return Canvas("image/png", 1, len(list(Path("/proc/self/fd").iterdir())), 1, 1, b"rgb")
    return draw(data, limits)


if __name__ == "__main__":
    child.draw = misled  # type: ignore[attr-defined]
    child.main()
