"""Why bytes are not a picture that we take: one class a failure.

The docstring's first line is the problem's title; the message says what is wrong and what to do.
Each takes one string, so that it survives the way back from another process.
"""

from __future__ import annotations


class ImageRefused(Exception):
    """The image was refused"""

    @property
    def title(self) -> str:
        """The docstring's first line (the class's name where Python was told to drop docstrings)."""
        return (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]


class EmptyFile(ImageRefused):
    """The file is empty"""


class TooManyBytes(ImageRefused):
    """The file is too large"""


class TooManyPixels(ImageRefused):
    """The image has too many pixels"""


class NotAnImage(ImageRefused):
    """The file is not an image"""


class FormatNotAllowed(ImageRefused):
    """This image format is not accepted"""


class BrokenImage(ImageRefused):
    """The image is damaged"""


class TruncatedImage(BrokenImage):
    """The image ends too early"""


class DecoderFailed(ImageRefused):
    """The image could not be decoded safely"""
