"""`tawatur demo` as a person runs it: a process of its own, real servers, real reports."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.ground.process import dies_with_parent, plain_environment
from tests.ground.server import TAWATUR

WITHIN_S = 90
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/\S*")


def start(folder: Path, *command: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        command,
        env=plain_environment(TMPDIR=str(folder), NO_COLOR="1", COLUMNS="200", PYTHONUNBUFFERED="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=dies_with_parent(signal.SIGTERM),
    )


def told(process: subprocess.Popen[str]) -> str:
    """What it wrote, once it has ended by itself with exit 0."""
    said, errors = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, said + errors
    return said


def nobody_answers(addresses: set[str]) -> bool:
    for address in addresses:
        try:
            httpx.get(address, trust_env=False, timeout=5)
        except httpx.TransportError:
            continue
        return False
    return True


def test_it_tells_the_block_and_the_non_block_and_ends_leaving_nothing(tmp_path: Path) -> None:
    said = told(start(tmp_path / "tmp", str(TAWATUR), "demo", "--once"))
    last_report = re.findall(r"^ +\d +.*(visible|blurred|blocked) *$", said, re.MULTILINE)
    assert last_report[-1] == "blocked"
    assert "blurred" in last_report
    story = " ".join(said.split())  # however its lines were broken
    assert re.search(r"until the gate gave readers the placeholder: \d+ ms", story)
    assert "visible after 40 of 40 reports" in story
    assert "hidden by report 3" in story
    assert re.search(r"40 reports from (about )?1 independent person", story)
    assert re.search(r"\d+ ms later the gate gives readers the whole photograph again", story)
    assert not re.search(r"^ +NO ", said, re.MULTILINE)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert nobody_answers({found[1] for found in ADDRESS.finditer(said)})


def test_a_promise_that_does_not_hold_ends_it_with_1(tmp_path: Path) -> None:
    """The unconnected people of the first act are replaced by nine linked accounts."""
    replaced = "crowd.unconnected = lambda group, now: crowd.linked(now, 9)"
    story = f"from tawatur.demo import crowd, show; {replaced}; show.run(once=True, port=0)"
    process = start(tmp_path / "tmp", sys.executable, "-c", story)
    said, errors = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 1, errors
    assert "The demo failed: a few unconnected people get a harmful picture blocked" in said
    assert "Traceback" not in errors
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_port_that_is_taken_is_said_so_and_nothing_stays(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(tmp_path / "tmp", str(TAWATUR), "demo", "--once", "--port", str(port))
        _, errors = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in errors
    assert "Traceback" not in errors
    assert "tws_" not in errors
    assert list((tmp_path / "tmp").iterdir()) == []


def test_it_stays_up_with_the_block_on_the_page_until_ctrl_c_while_another_runs(tmp_path: Path) -> None:
    process = start(tmp_path / "tmp", str(TAWATUR), "demo")
    without_input = start(tmp_path / "other", "sh", "-c", f"exec '{TAWATUR}' demo --once <&-")
    said = until_it_stays(process)
    pages = dict(re.findall(r"^ +(\S.*?)  +(http://\S+)$", said, re.MULTILINE))
    front = httpx.get(pages["front page, Arabic"], trust_env=False)
    assert pages["the blocked picture"] in front.text
    gate = httpx.get(pages["the blocked picture"], trust_env=False)
    assert gate.headers["content-type"].startswith("image/svg+xml")
    assert httpx.get(pages["the attacked one"], trust_env=False).headers["content-type"] == "image/jpeg"
    assert httpx.get(pages["the API"], trust_env=False).json()["openapi"]
    assert set(ADDRESS.findall(told(without_input))).isdisjoint(ADDRESS.findall(said))

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert list((tmp_path / "tmp").iterdir()) == []
    assert nobody_answers({found[1] for found in ADDRESS.finditer(said)})


def until_it_stays(process: subprocess.Popen[str]) -> str:
    """What it writes until it waits for Ctrl-C."""
    assert process.stdout is not None
    said, until = "", time.monotonic() + WITHIN_S
    while "Ctrl-C ends it" not in said:
        line = process.stdout.readline()
        assert line, f"it ended before it was told to: {said}"
        assert time.monotonic() < until
        said += line
    return said
