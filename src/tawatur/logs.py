"""Structured logs on standard error: one JSON object a line, or for eyes. Nothing that names a reader is ever logged.

What the web server and other libraries say through Python's own logging goes the same way, but from warnings on only:
some of them would tell addresses in lesser messages.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor

_SERVER = "uvicorn"
"""Its messages name nobody (its access log, which would, is never on), so they come from the level that is set."""


def configure(level: str, form: str = "json") -> None:
    """Sets up this process's logs. `level` is "debug", "info", "warning" or "error", `form` "json" or "console"."""
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    shown: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    if form == "console":  # tracebacks as Python has them: with the values of variables they could name somebody
        plain = structlog.dev.plain_traceback
        shown = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[*before, *shown],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=[remove, *shown]))
    logging.basicConfig(handlers=[handler], level=max(logging.WARNING, _number(level)), force=True)
    logging.getLogger(_SERVER).setLevel(_number(level))


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
