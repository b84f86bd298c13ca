"""What people do to a picture before they post it again, so that it is not known again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.imaging.pictures import saved

Alteration = Callable[[Image.Image], bytes]


def _crop(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop((int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom))))


def _border(image: Image.Image, share: float, colour: str) -> Image.Image:
    return ImageOps.expand(image, int(min(image.size) * share), colour)


def caption(image: Image.Image, *, top: bool, words: str = "SHARE THIS BEFORE THEY DELETE IT") -> Image.Image:
    """With a white bar of 15 % of its height, and something written on it."""
    bar = int(image.height * 0.15)
    page = Image.new("RGB", (image.width, image.height + bar), "white")
    page.paste(image, (0, bar if top else 0))
    font = ImageFont.load_default(size=max(8, bar * 0.45))
    ImageDraw.Draw(page).text((5, bar * 0.2 + (0 if top else image.height)), words, fill="black", font=font)
    return page


def _screenshot(image: Image.Image) -> Image.Image:
    page = ImageOps.expand(image, (int(image.width * 0.04), int(image.height * 0.12)), (20, 20, 24))
    font = ImageFont.load_default(size=max(8, image.height * 0.05))
    draw = ImageDraw.Draw(page)
    draw.text((10, 5), "12:41   Feed", fill="white", font=font)
    draw.text((10, page.height - image.height * 0.09), "Like   Share   Reply", fill="white", font=font)
    return page.resize((int(page.width * 0.6), int(page.height * 0.6)), Image.Resampling.BICUBIC)


def _jpeg(change: Callable[[Image.Image], Image.Image], quality: int = 85) -> Alteration:
    return lambda image: saved(change(image), "JPEG", quality=quality)


def mosaic(path: Path) -> bytes:
    """In 14 x 10 large squares: what no corner survives."""
    with Image.open(path) as picture:
        coarse = picture.convert("RGB").resize((14, 10))
        return saved(coarse.resize(picture.size, Image.Resampling.NEAREST), "JPEG", quality=85)


ALTERATIONS: dict[str, Alteration] = {
    "crop of 5 % on each side": _jpeg(lambda image: _crop(image, 0.05, 0.05, 0.05, 0.05)),
    "crop of 10 % on each side": _jpeg(lambda image: _crop(image, 0.1, 0.1, 0.1, 0.1)),
    "crop of 10 % at one corner": _jpeg(lambda image: _crop(image, 0.1, 0.1, 0.0, 0.0)),
    "white border of 5 %": _jpeg(lambda image: _border(image, 0.05, "white")),
    "black border of 10 %": _jpeg(lambda image: _border(image, 0.1, "black")),
    "caption above": _jpeg(lambda image: caption(image, top=True)),
    "caption below": _jpeg(lambda image: caption(image, top=False)),
    "screenshot, JPEG 40": _jpeg(_screenshot, 40),
    "turned by 3 degrees": _jpeg(lambda image: image.rotate(3, Image.Resampling.BICUBIC)),
    "turned by -3 degrees, on a larger page": _jpeg(
        lambda image: image.rotate(-3, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    ),
}
