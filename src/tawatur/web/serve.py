"""Runs the server: a parent that holds the socket, and a worker that it starts again whenever the worker dies."""

from __future__ import annotations

import ctypes
import gc
import signal
import socket
import sys
from multiprocessing import parent_process

import uvicorn
from uvicorn.supervisors import Multiprocess

from tawatur import logs
from tawatur.delivery.label_keys import installed
from tawatur.settings import Settings
from tawatur.store.database import Database

GRACE_S = 10
_PR_SET_PDEATHSIG = 1
_OBJECTS_A_LOOK = 20_000
"""New objects before the collector looks for rings among them. Rows cannot be part of one and are not looked at."""
_SWITCH_S = 0.0005
"""How long the event loop may keep the writer from running, and the other way round; Python's own 5 ms is felt."""


def worker() -> object:
    """The application as a worker process builds it, from the environment."""
    _end_with_parent()  # before what takes a second to load
    gc.disable()  # nothing of that is garbage
    from tawatur.web.app import make_app  # here, not above: the parent only holds the socket and needs none of it

    sys.setswitchinterval(_SWITCH_S)
    settings = Settings()
    logs.configure(settings.log_level, settings.log_format)
    app = make_app(settings)
    gc.freeze()  # what is loaded now stays; looking through it again and again held every request up for 100 ms
    gc.set_threshold(_OBJECTS_A_LOOK, 20, 20)
    gc.enable()
    return app


def _end_with_parent() -> None:
    """Asks Linux to end this worker when its parent dies: an orphan would hold the port against the next start."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    parent = parent_process()
    if parent is not None and not parent.is_alive():  # it died before it was asked of Linux
        sys.exit(1)


def run(settings: Settings, host: str, port: int) -> None:
    """Makes the database ready and serves until told to end. Raises DatabaseUnavailable, ModelUnusable,
    ProviderUnusable, and OSError where the port is taken."""
    settings.resolved_secret()
    _try(settings)
    database = Database(settings.resolved_database_url())
    database.migrate()
    database.close()
    config = uvicorn.Config(
        "tawatur.web.serve:worker",
        factory=True,
        host=host,
        port=port,
        workers=1,
        loop="uvloop",
        http="tawatur.web.wire:Wire",
        ws="tawatur.web.xrpc.sockets:Socket" if installed() else "none",
        ws_max_size=4096,  # nobody has anything to say there
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level=settings.log_level,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
        proxy_headers=False,
    )
    listening = _listen(host, port)
    sys.stderr.write(f"Tawatur serves http://{host}:{listening.getsockname()[1]} (Ctrl-C ends it)\n")
    sys.stderr.flush()
    Multiprocess(config, sockets=[listening]).run()


def _try(settings: Settings) -> None:
    """What is wrong with what the operator brings along is said here, once."""
    if settings.altered_copies and settings.copy_model is not None:
        from tawatur.imaging.copy_model import describer  # few have one, and numpy is slow to load

        describer(settings.copy_model, settings.copy_model_threshold)
    if settings.oidc_issuer is not None:
        from tawatur.web.console.provider import provider_of

        provider_of(settings)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise OSError(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another with --port.") from error
    listening.listen(1024)
    listening.set_inheritable(True)
    return listening
