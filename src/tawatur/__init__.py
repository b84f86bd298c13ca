"""Tawatur: several people who report an image block it, and a crowd that acts as one counts as one."""

__version__ = "0.1.0"
