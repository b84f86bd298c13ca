"""Whatever a picture does to its decoder, it costs that one request a clear refusal and nobody else anything."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from tawatur.imaging.canvas import STANDARD_LIMITS, draw
from tawatur.imaging.decode import DecoderFailed, Examined, Limits, TooManyBytes, TooManyPixels, blurred, examine
from tawatur.imaging.metadata import stripped
from tawatur.imaging.refusals import ImageRefused
from tawatur.imaging.sandbox import DecodersBusy, Sandbox
from tests.imaging.misbehaving_child import WRITTEN
from tests.imaging.pictures import png_of_size, saved, scenery, shared

MISBEHAVING = "tests.imaging.misbehaving_child"
GOOD = saved(scenery(), "JPEG")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def misbehaving(**options: float) -> Sandbox:
    made = Sandbox(1, program=MISBEHAVING, **options)  # type: ignore[arg-type]
    made.draw(GOOD, STANDARD_LIMITS)  # what follows is not measured with the start
    return made


def eventually(holds: Callable[[], bool], within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def descriptors(pid: int | str) -> dict[str, str]:
    """What each open descriptor of a process leads to."""
    found = {}
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            found[entry.name] = str(entry.readlink())
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
def test_a_child_sees_what_would_be_seen_here(sandbox: Sandbox, kind: str, mode: str) -> None:
    data = saved(scenery(700, 500).convert("RGB" if (kind, mode) in {("JPEG", "P"), ("JPEG", "RGBA")} else mode), kind)
    assert examine(data, draw=sandbox.draw) == examine(data)
    assert blurred(data, draw=sandbox.draw) == blurred(data)
    assert sandbox.stripped(data) == stripped(data)


def test_hostile_files_end_as_they_do_here_and_leak_nothing() -> None:
    with zipfile.ZipFile(shared("hostile/malformed-images.zip")) as collection:
        names = [name for name in collection.namelist() if not name.endswith("/")]
        files = [collection.read(name) for name in random.Random(5).sample(names, 600)]

    def outcome(look: Callable[[bytes], Examined], data: bytes) -> Examined | tuple[str, str]:
        try:
            return look(data)
        except ImageRefused as refused:
            return type(refused).__name__, str(refused)

    before = len(descriptors("self"))
    with Sandbox() as sandbox, ThreadPoolExecutor(4) as threads:
        inside = list(threads.map(partial(outcome, partial(examine, draw=sandbox.draw)), files))
        children = sandbox.pids()
        assert sandbox.replaced > 0, "damaged files wear a child out"
    assert inside == [outcome(examine, data) for data in files]
    assert len(descriptors("self")) == before
    assert not any(alive(pid) for pid in children)


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("crash", "broke down"),
        ("fail", "broke down"),
        ("gibberish", "broke down"),
        ("flood", "broke down"),
        ("lie", "broke down"),
        ("hang", "more than 0.5 seconds"),
        ("compute", "more than 0.5 seconds"),
        ("eat", "more memory"),
    ],
)
def test_a_decoder_that_goes_wrong_costs_one_request(order: str, says: str) -> None:
    with misbehaving(patience_s=0.5, address_space=400_000_000) as sandbox:
        (before,) = sandbox.pids()
        with pytest.raises(DecoderFailed, match=says):
            sandbox.draw(f"do {order}".encode(), STANDARD_LIMITS)
        assert sandbox.draw(GOOD, STANDARD_LIMITS) == draw(GOOD, STANDARD_LIMITS)
        assert sandbox.pids() != [before]
        assert not alive(before)
        assert sandbox.replaced == 1


def test_memory_is_limited_for_real_pictures() -> None:
    with Sandbox(1, address_space=120_000_000) as sandbox:
        sandbox.draw(GOOD, STANDARD_LIMITS)
        with pytest.raises(DecoderFailed, match="more memory"):
            sandbox.draw(saved(Image.new("RGB", (6000, 6000), "teal"), "PNG"), STANDARD_LIMITS)
        assert sandbox.draw(GOOD, STANDARD_LIMITS).width == 320


def test_a_child_killed_at_work_costs_one_request() -> None:
    with misbehaving() as sandbox:
        (victim,) = sandbox.pids()
        threading.Timer(0.2, os.kill, (victim, signal.SIGKILL)).start()
        with pytest.raises(DecoderFailed):
            sandbox.draw(b"do hang", STANDARD_LIMITS)
        assert sandbox.draw(GOOD, STANDARD_LIMITS).width == 320


def test_a_child_killed_while_idle_costs_nothing() -> None:
    with misbehaving() as sandbox:
        (victim,) = sandbox.pids()
        os.kill(victim, signal.SIGKILL)
        assert eventually(lambda: not alive(victim))
        assert sandbox.draw(GOOD, STANDARD_LIMITS).width == 320


def test_a_child_can_open_nothing_and_holds_nothing() -> None:
    with misbehaving() as sandbox, Path(__file__).open():
        (pid,) = sandbox.pids()
        held = descriptors(pid)
        assert held == {"0": held["0"], "1": held["0"], "2": os.devnull}
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"PATH=" not in environment.replace(b"LD_LIBRARY_PATH=", b"")
        for order in (b"do write", b"do descriptors"):
            with pytest.raises(DecoderFailed):
                sandbox.draw(order, STANDARD_LIMITS)
    assert not WRITTEN.exists()


def test_what_limits_forbid_is_told_in_the_same_words(sandbox: Sandbox) -> None:
    with pytest.raises(TooManyBytes, match="20,000,000"):
        sandbox.draw(bytes(20_000_001), STANDARD_LIMITS)
    with pytest.raises(TooManyBytes, match="at most 10"):
        sandbox.stripped(GOOD, Limits(max_bytes=10))
    with pytest.raises(TooManyPixels, match="at most 40 megapixels"):
        sandbox.draw(png_of_size(6400, 6400), STANDARD_LIMITS)


def test_a_child_is_recycled_after_so_many_pictures() -> None:
    with Sandbox(1, pictures_a_child=3) as sandbox:
        seen = set()
        for _ in range(7):
            sandbox.draw(GOOD, STANDARD_LIMITS)
            seen.update(sandbox.pids())
        assert sandbox.replaced == 2
        assert len(seen) >= 2


def test_many_threads_share_few_children(sandbox: Sandbox) -> None:
    files = [saved(scenery(200, 150, seed), kind) for seed in range(8) for kind in ("JPEG", "PNG", "WEBP")]
    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(lambda data: sandbox.draw(data, STANDARD_LIMITS), files)) == [
            draw(data, STANDARD_LIMITS) for data in files
        ]
    assert len(sandbox.pids()) <= 2


def test_whoever_waits_too_long_may_come_again() -> None:
    with misbehaving(patience_s=1.0) as sandbox, ThreadPoolExecutor(1) as threads:
        sandbox._wait_s = 0.2
        under_way = threads.submit(sandbox.draw, b"do hang", STANDARD_LIMITS)
        assert eventually(lambda: not sandbox._idle)
        with pytest.raises(DecodersBusy, match="Try again"):
            sandbox.draw(GOOD, STANDARD_LIMITS)
        with pytest.raises(DecoderFailed):
            under_way.result()


def test_closing_ends_children_and_requests() -> None:
    sandbox = misbehaving(patience_s=30)
    pids = sandbox.pids()
    with ThreadPoolExecutor(1) as threads:
        under_way = threads.submit(sandbox.draw, b"do hang", STANDARD_LIMITS)
        assert eventually(lambda: not sandbox._idle)
        sandbox.close()
        with pytest.raises((DecoderFailed, DecodersBusy)):
            under_way.result(5)
    assert not any(alive(pid) for pid in pids)
    with pytest.raises(DecodersBusy, match="this process ends"):
        sandbox.draw(GOOD, STANDARD_LIMITS)
    sandbox.close()


def test_a_sandbox_that_was_never_used_starts_nothing() -> None:
    with Sandbox() as sandbox:
        assert sandbox.pids() == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_children_end_with_their_parent_even_at_work(how: signal.Signals) -> None:
    program = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "import threading, time\n"
        "from tawatur.imaging.sandbox import Sandbox\n"
        "from tawatur.imaging.canvas import STANDARD_LIMITS\n"
        f"s = Sandbox(2, program={MISBEHAVING!r}, patience_s=60)\n"
        "t = threading.Thread(target=s.draw, args=(b'do compute', STANDARD_LIMITS), daemon=True); t.start()\n"
        "while len(s.pids()) < 2: time.sleep(0.02)\n"
        "print(*s.pids(), flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
        parent.send_signal(how)
    assert eventually(lambda: not any(alive(pid) for pid in pids))
