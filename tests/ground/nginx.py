"""A real nginx for tests: the binary of Debian's package, run as an ordinary child in a temporary folder."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx

from tests.ground.process import dies_with_parent, free_port

BINARY = shutil.which("nginx") or "/usr/sbin/nginx"
STARTS_WITHIN = 20.0

_MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
    {types}
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
}}
"""
_TYPES = "types { image/png png; image/jpeg jpg; }"


def why_absent() -> str | None:
    """Why no nginx can be had here, or None when one can."""
    if not os.access(BINARY, os.X_OK):
        return "no nginx to test on: install Debian's package nginx (script/test does where it may)"
    told = subprocess.run([BINARY, "-V"], capture_output=True, text=True, check=False).stderr
    if "http_auth_request_module" not in told:
        return "this nginx is built without ngx_http_auth_request_module"
    return None


class Nginx:
    """nginx with `http` in its http block. Included files are looked for in `folder`. One process, no master."""

    def __init__(self, folder: Path, http: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        (folder / "nginx.conf").write_text(
            _MAIN.format(folder=folder, types=_TYPES, http=http.replace("LISTEN", f"127.0.0.1:{self.port}"))
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log_text(self) -> str:
        log = self.folder / "error.log"
        return log.read_text(errors="replace")[-4000:] if log.exists() else ""

    def start(self) -> "Nginx":
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [BINARY, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                httpx.get(self.base_url, trust_env=False, timeout=5)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return self
        self.stop()
        raise RuntimeError(f"nginx did not start:\n{(self.folder / 'output').read_text()}{self.log_text()}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
