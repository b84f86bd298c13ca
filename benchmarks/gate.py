"""How fast the gate serves, against a bare Starlette file response of the same file.

    python -m benchmarks.gate [--seconds 2] [--rounds 7] [--clients 32] [--kilobytes 60] [sqlite] [postgresql]

Each round measures, one after the other, in an order that turns: a Starlette application that answers every request
with `FileResponse` and does nothing else (uvicorn, uvloop and httptools, one worker, as the gate has them), then the
gate with a visible picture, a blocked one, and `/gate/check`. The ratio of a round is the gate's rate by the bare one;
medians over the rounds are printed. The load generator runs on the same cores. Goal: >= 0.8 for visible and blocked.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.pool import Pool
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from tests.ground.process import dies_with_parent, free_port, plain_environment
from tests.ground.server import Server, Site

from benchmarks import load
from benchmarks.intake import _database as database

GOAL = 0.8
BARE = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Route

async def show(request):
    return FileResponse(sys.argv[1], media_type="image/png")

app = Starlette(routes=[Route("/i/{image}", show)])
uvicorn.run(app, port=int(sys.argv[2]), loop="uvloop", http="httptools", access_log=False, log_level="error")
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("databases", nargs="*", default=["sqlite"])
    options.add_argument("--seconds", type=float, default=2.0, help="length of each measurement")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--clients", type=int, default=32)
    options.add_argument("--kilobytes", type=int, default=60, help="size of the picture")
    asked = options.parse_args()
    console = Console()
    for kind in asked.databases:
        with tempfile.TemporaryDirectory(prefix="tawatur-gate-") as folder, database(kind, Path(folder)) as url:
            _measure(console, kind, url, Path(folder), asked)


def _measure(console: Console, kind: str, url: str, folder: Path, asked: argparse.Namespace) -> None:
    table = Table("round", "bare/s", "visible/s", "blocked/s", "check/s", title=f"{kind}, {asked.kilobytes} kB")
    ratios: dict[str, list[float]] = {}
    latencies: dict[str, list[float]] = {}
    with Server(folder / "server", url) as server:
        site = server.init().site()
        server.start()
        data = [_picture(seed, asked.kilobytes * 1024) for seed in (1, 2)]
        visible, blocked = _registered(server, site, data)
        (folder / "bare.png").write_bytes(data[0])
        check = f"GET /gate/check?site={site.public_key} HTTP/1.1\r\nHost: x\r\nX-Original-URI: /photos/1.png\r\n\r\n"
        with _bare(folder / "bare.png") as port, multiprocessing.get_context("spawn").Pool(1) as pool:
            runs = {
                "bare": (port, _get(visible)),
                "visible": (server.port, _get(visible)),
                "blocked": (server.port, _get(blocked)),
                "check": (server.port, check.encode()),
            }
            for number in range(asked.rounds + 1):
                order = list(runs)[number % 4 :] + list(runs)[: number % 4]
                rates = {}
                for name in order:
                    outcome = _run(pool, *runs[name], asked)
                    rates[name] = outcome.per_second
                    if number:
                        latencies.setdefault(name, []).extend(outcome.latencies)
                if not number:
                    continue  # everything is warm from here on
                for name in runs:
                    ratios.setdefault(name, []).append(rates[name] / rates["bare"])
                table.add_row(str(number), *(f"{rates[name]:,.0f}" for name in runs))
        server.stop()
    console.print(table)
    for name, found in ratios.items():
        cuts = statistics.quantiles(latencies[name], n=100)
        goal = f" (goal >= {GOAL})" if name in ("visible", "blocked") else ""
        console.print(
            f"{kind}, {name}: median ratio [bold]{statistics.median(found):.2f}[/bold]{goal}, "
            f"with {asked.clients} at once p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms"
        )


def _run(pool: Pool, port: int, request: bytes, asked: argparse.Namespace) -> load.Outcome:
    requests = [request] * int(asked.seconds * 20_000)
    outcome = pool.apply(load.run, ("127.0.0.1", port, requests), {"clients": asked.clients, "seconds": asked.seconds})
    wrong = {status: count for status, count in outcome.statuses.items() if status not in (200, 204)}
    if wrong or not outcome.latencies:
        raise SystemExit(f"not every request was answered as it must be: {outcome.statuses}")
    return outcome


def _get(image: str) -> bytes:
    return f"GET /i/{image} HTTP/1.1\r\nHost: x\r\nAccept-Language: ar\r\n\r\n".encode()


def _registered(server: Server, site: Site, data: list[bytes]) -> list[str]:
    """Two images of these bytes; a person has blocked the second."""
    with server.client(site) as client:
        made = [
            client.post("/v1/images", files={"file": one}, data={"address": f"/photos/{n}.png"}).json()["id"]
            for n, one in enumerate(data, 1)
        ]
        client.post(f"/v1/images/{made[1]}/reviews", json={"outcome": "upheld", "reviewer": "m", "reason": "violence"})
        assert client.get(f"/i/{made[0]}").content == data[0]
        assert client.get(f"/i/{made[1]}").headers["tawatur-status"] == "blocked"
    return made


def _picture(seed: int, size: int) -> bytes:
    """A PNG of about this many bytes."""
    side = max(64, int((size / 3) ** 0.5))
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=0)
    return out.getvalue()


@contextmanager
def _bare(file: Path) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", BARE, str(file), str(port)],
        env=plain_environment(),
        preexec_fn=dies_with_parent(signal.SIGKILL),
    )
    try:
        for _ in range(600):
            try:
                httpx.get(f"http://127.0.0.1:{port}/i/x", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
