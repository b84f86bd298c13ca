"""The units for systemd and the container's recipe: what can be known of them without an init system or a registry."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ground.server import Server
from tests.survival.world import picture, register

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "integrations" / "systemd"
RECIPE = (ROOT / "integrations" / "container" / "Containerfile").read_text()


def test_systemd_reads_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze: systemd is not installed")
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/opt/tawatur/bin/tawatur", shutil.which("true") or "/bin/true")
        (tmp_path / unit.name).write_text(text)
    read = ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))]
    done = subprocess.run(read, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_units_bind_the_service_as_far_as_the_document_says() -> None:
    unit = (UNITS / "tawatur.service").read_text()
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "RestrictNamespaces=yes"):
        assert line in unit.splitlines()
    # The decoders need what these would take: numpy and ctypes map memory that is written and then run.
    assert "MemoryDenyWriteExecute=yes" not in unit
    assert {"setrlimit", "prctl"}.isdisjoint(re.findall(r"SystemCallFilter=~(.*)", unit))


def test_decoders_work_without_any_privilege(new_server: Callable[..., Server], sqlite_url: str) -> None:
    """As the unit has it: no new privileges, no capabilities, an address space that others cannot see."""
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv: util-linux is not installed")
    server = new_server(sqlite_url)
    as_root = ["--bounding-set=-all", "--inh-caps=-all", "--securebits=+noroot"] if os.geteuid() == 0 else []
    site = server.init().site()
    server.within = ["setpriv", "--no-new-privs", *as_root]
    server.start()
    status = Path(f"/proc/{server.workers[0]}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    if as_root:
        assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    with server.client(site) as client:
        image = register(client, picture(1))
        assert client.get(f"/i/{image}").status_code == 200
        assert client.get("/readyz").status_code == 200


def instructions() -> list[tuple[str, str]]:
    lines = re.sub(r"^#.*\n", "", RECIPE, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1].strip()) for line in lines if line.strip()]


def test_the_containers_recipe_is_of_shell_that_can_be_read_and_files_that_are_there() -> None:
    told = instructions()
    assert [value for name, value in told if name == "FROM"] == ["${BASE} AS build", "${BASE}"]
    for name, value in told:
        if name == "RUN":
            subprocess.run(["sh", "-n", "-c", value], check=True)
            assert [word for word in re.findall(r"/src/(\S+)", value) if not (ROOT / word).exists()] == []
    assert ("USER", "tawatur") in told
    assert "/etc/shadow" not in RECIPE


def test_the_containers_health_check_tells_a_server_that_works(
    new_server: Callable[..., Server], sqlite_url: str
) -> None:
    server = new_server(sqlite_url).start()
    (check,) = [value for name, value in instructions() if name == "CMD" and "healthz" in value] or [
        value.split("CMD ", 1)[1] for name, value in instructions() if name == "HEALTHCHECK"
    ]
    program, *arguments = (word.strip('",') for word in shlex.split(check.strip("[]")))
    assert program == "python3"
    asks = [argument.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}") for argument in arguments]
    assert subprocess.run([program, *asks], capture_output=True, check=False).returncode == 0
    server.stop()
    assert subprocess.run([program, *asks], capture_output=True, check=False).returncode != 0


def test_the_installer_says_what_it_wants_and_reads_as_shell() -> None:
    script = ROOT / "script" / "install"
    subprocess.run(["sh", "-n", script], check=True)
    asked = subprocess.run([script], capture_output=True, text=True, check=False)
    assert (asked.returncode, "script/install /opt/tawatur" in asked.stderr) == (2, True)
