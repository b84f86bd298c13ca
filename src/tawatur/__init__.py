"""Tawatur: an image is blocked automatically when several people report it, and a crowd that acts as one counts as one."""

__version__ = "0.1.0"
