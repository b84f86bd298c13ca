"""Failures as XRPC has them."""

from __future__ import annotations


class XrpcError(Exception):
    """A failure with the name that clients know it by."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name


def invalid(message: str) -> XrpcError:
    return XrpcError(400, "InvalidRequest", message)
