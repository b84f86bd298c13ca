"""Structured logs: one JSON object a line on standard error. Nothing that names a reader is ever logged."""

from __future__ import annotations

import sys

import structlog


def configure(level: str) -> None:
    """Sets up this process's logs. `level` is "debug", "info", "warning" or "error"."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
