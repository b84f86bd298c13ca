"""Decoding where it can hurt nobody: in a few long-lived children that hold no file, no socket and no secret.

A child that crashes, hangs or takes too much memory costs the one request that it was busy with, which is told
`DecoderFailed`; another child takes its place. `Sandbox.draw` stands wherever `canvas.draw` does, `Sandbox.stripped`
wherever `metadata.stripped` does.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
import structlog

from tawatur.imaging import refusals
from tawatur.imaging.canvas import PRESCALE_SIDE, STANDARD_LIMITS, Canvas, Limits, too_many_bytes
from tawatur.imaging.formats import Format
from tawatur.imaging.refusals import DecoderFailed
from tawatur.imaging.wire import (
    HEADER,
    Answer,
    Drawn,
    DrawRequest,
    Ready,
    Refusal,
    Request,
    Stripped,
    StripRequest,
    decode_answer,
    framed,
)

CHILDREN = 2
PATIENCE_S = 5.0
"""How long a child may take over one picture."""
WAIT_S = 20.0
"""How long a request waits for a child that is free."""
ADDRESS_SPACE = 1_200_000_000
"""Bytes. Measured: 40 megapixels need at most 0.9e9, as an animated WebP with transparency."""
PICTURES_A_CHILD = 500
REFUSALS_A_CHILD = 50
"""Damaged files leave a decoder in odd states; starting a child costs as much as decoding ten small pictures."""

_START_S = 20.0
_AGAIN_AFTER_S = 1.0  # when a child cannot be started
_ROOM_BESIDES = 4096  # bytes of an answer that are not pixels or file
_KINDS = {kind.__name__: kind for kind in vars(refusals).values() if isinstance(kind, type)}
_PROGRAM = "import json, runpy, sys; sys.path[:] = json.loads(sys.argv[1]); runpy.run_module({!r}, run_name='__main__')"

T = TypeVar("T", Drawn, Stripped)

log = structlog.get_logger(__name__)


class DecodersBusy(Exception):
    """Too many pictures are being decoded, or the sandbox is closed. Not the picture's fault: it can be sent again."""


class Sandbox:
    """A pool of `children`, started at the first use and ended by `close`. Thread-safe.

    `program` is the module that a child runs; tests put one that misbehaves there.
    """

    def __init__(
        self,
        children: int = CHILDREN,
        *,
        patience_s: float = PATIENCE_S,
        wait_s: float = WAIT_S,
        address_space: int = ADDRESS_SPACE,
        pictures_a_child: int = PICTURES_A_CHILD,
        program: str = "tawatur.imaging.child",
    ) -> None:
        self._size = children
        self._patience_s = patience_s
        self._wait_s = wait_s
        self._address_space = address_space
        self._pictures_a_child = pictures_a_child
        self._program = program
        self._changed = threading.Condition()
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._keeper: threading.Thread | None = None
        self._closed = False
        self.replaced = 0
        """How many children ended before the sandbox did."""
        self.refused: Counter[str] = Counter()
        """How many files were refused, by the kind of refusal."""

    def draw(self, data: bytes, limits: Limits) -> Canvas:
        """As `canvas.draw`, in a child. Raises `ImageRefused`, `DecoderFailed` among them, and `DecodersBusy`."""
        if len(data) > limits.max_bytes:
            raise too_many_bytes(len(data), limits)
        room = PRESCALE_SIDE * PRESCALE_SIDE * 3
        return self._ask(DrawRequest(data, limits, self._patience_s), Drawn, room, _is_sound).canvas

    def stripped(self, data: bytes, limits: Limits = STANDARD_LIMITS) -> bytes:
        """As `metadata.stripped`, in a child. Raises as `draw`."""
        if len(data) > limits.max_bytes:
            raise too_many_bytes(len(data), limits)
        return self._ask(StripRequest(data, limits, self._patience_s), Stripped, len(data), _is_file).data

    def pids(self) -> list[int]:
        """The process ids of the children there are."""
        with self._changed:
            return sorted(child.pid for child in self._all)

    def close(self) -> None:
        """End every child. Requests under way are refused, later ones raise `DecodersBusy`."""
        with self._changed:
            self._closed = True
            ending, self._all, self._idle = self._all, set(), []
            keeper, self._keeper = self._keeper, None
            self._changed.notify_all()
        for child in ending:
            child.end()
        if keeper is not None:
            keeper.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, request: Request, expected: type[T], room: int, sound: Any) -> T:
        child = self._take()
        try:
            return self._asked(child, request, expected, room, sound)
        except refusals.ImageRefused as refusal:
            self.refused[type(refusal).__name__] += 1
            raise

    def _asked(self, child: _Child, request: Request, expected: type[T], room: int, sound: Any) -> T:
        try:
            answer = child.ask(request, self._patience_s, room + _ROOM_BESIDES)
            if isinstance(answer, Refusal):
                refusal = _KINDS[answer.kind](answer.message)
            elif not isinstance(answer, expected) or not sound(answer, request):
                raise _Broken("its answer makes no sense")
        except TimeoutError as error:
            self._replace(child, "it took too long")
            raise DecoderFailed(
                f"Decoding the picture takes more than {self._patience_s:g} seconds. Save it smaller and send that."
            ) from error
        except (_Broken, OSError, KeyError, msgspec.MsgspecError) as error:
            self._replace(child, str(error))
            raise DecoderFailed("The decoder broke down over the file. Save the picture anew and send that.") from error
        except BaseException:  # the answer may still come: this child's next request would get it
            self._replace(child, "its request was given up")
            raise
        if isinstance(answer, Refusal):
            child.refused += 1
            self._give_back(child, spent=isinstance(refusal, DecoderFailed))
            raise refusal
        self._give_back(child, spent=False)
        return answer

    def _take(self) -> _Child:
        deadline = time.monotonic() + self._wait_s
        while True:
            with self._changed:
                if self._keeper is None and not self._closed:
                    self._keeper = threading.Thread(target=self._keep, name="sandbox-keeper", daemon=True)
                    self._keeper.start()
                self._changed.wait_for(lambda: self._closed or self._idle, deadline - time.monotonic())
                if self._closed:
                    raise DecodersBusy(
                        "No more pictures are decoded here, as this process ends. Try again in a moment."
                    )
                if not self._idle:
                    raise DecodersBusy("Too many pictures are being decoded at once. Try again in a moment.")
                child = self._idle.pop()
            if child.lives():
                return child
            self._replace(child, "it ended while idle")

    def _give_back(self, child: _Child, *, spent: bool) -> None:
        child.served += 1
        if spent or child.served >= self._pictures_a_child or child.refused >= REFUSALS_A_CHILD:
            self._replace(child, None)
            return
        with self._changed:
            if child in self._all:
                self._idle.append(child)
                self._changed.notify()

    def _replace(self, child: _Child, reason: str | None) -> None:
        child.end()
        with self._changed:
            if child not in self._all:  # the sandbox was closed meanwhile
                return
            self._all.remove(child)
            self.replaced += 1
            self._changed.notify_all()
        if reason is not None:
            log.warning("decoder_replaced", reason=reason, pid=child.pid, exit_code=child.exit_code)

    def _keep(self) -> None:
        """Start children whenever some are missing. In a thread of its own, as the kernel ends a child with the very
        thread that started it."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or len(self._all) < self._size)
                if self._closed:
                    return
            try:
                child = _Child(self._program, self._address_space)
            except (OSError, _Broken) as error:
                log.error("decoder_not_started", reason=str(error))
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, _AGAIN_AFTER_S)
                continue
            with self._changed:
                if not self._closed:
                    self._all.add(child)
                    self._idle.append(child)
                    self._changed.notify()
                    continue
            child.end()
            return


class _Broken(Exception):
    """A child ended, or says what no child says."""


class _Child:
    """One child and the channel to it, used by one thread at a time."""

    def __init__(self, program: str, address_space: int) -> None:
        self._channel, theirs = socket.socketpair()
        arguments = [json.dumps(sys.path), str(os.getpid()), str(address_space)]
        with theirs:
            # Isolated, from nowhere, without the environment, which may hold secrets, and out of Ctrl-C's reach.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _PROGRAM.format(program), *arguments],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"MALLOC_ARENA_MAX": "1"} | {k: v for k, v in os.environ.items() if k == "LD_LIBRARY_PATH"},
                start_new_session=True,
            )
        self.pid = self._process.pid
        self.served = 0
        self.refused = 0
        try:
            if not isinstance(self._received(time.monotonic() + _START_S, _ROOM_BESIDES), Ready):
                raise _Broken("it did not begin as a child does")
        except BaseException:
            self.end()
            raise

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode

    def lives(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Request, patience_s: float, room: int) -> Answer:
        """The answer, of at most `room` bytes. Raises `TimeoutError`, `OSError`, `_Broken` or `MsgspecError`."""
        deadline = time.monotonic() + patience_s
        self._channel.settimeout(patience_s)
        self._channel.sendall(framed(request))
        return self._received(deadline, room)

    def end(self) -> None:
        """Kill and bury it."""
        self._process.kill()
        self._process.wait()
        self._channel.close()

    def _received(self, deadline: float, room: int) -> Answer:
        size = HEADER.unpack(self._read(HEADER.size, deadline))[0]
        if size > room:
            raise _Broken("its answer is too long")
        answer: Answer = decode_answer(self._read(size, deadline))
        return answer

    def _read(self, size: int, deadline: float) -> bytearray:
        into = bytearray(size)
        view, filled = memoryview(into), 0
        while filled < size:
            self._channel.settimeout(max(0.001, deadline - time.monotonic()))
            count = self._channel.recv_into(view[filled:])
            if not count:
                raise _Broken("it ended")
            filled += count
        return into


def _is_sound(answer: Drawn, request: DrawRequest) -> bool:
    """Whether a canvas is one that `draw` can make. Foreign bytes may have taken the child over."""
    canvas = answer.canvas
    return (
        canvas.media_type in list(Format)
        and min(canvas.width, canvas.height) > 0
        and canvas.width * canvas.height <= request.limits.max_pixels
        and 0 < canvas.canvas_width <= PRESCALE_SIDE
        and 0 < canvas.canvas_height <= PRESCALE_SIDE
        and len(canvas.pixels) == canvas.canvas_width * canvas.canvas_height * 3
    )


def _is_file(answer: Stripped, request: StripRequest) -> bool:
    return 0 < len(answer.data) <= len(request.data) + _ROOM_BESIDES
