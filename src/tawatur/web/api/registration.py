"""What comes in when a picture is registered: a form with the file, an address to fetch it from, or only its hash."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from anyio import to_thread
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request

from tawatur.imaging.canvas import PRESCALE_VERSION, STANDARD_LIMITS
from tawatur.imaging.decode import Examined, TooManyBytes, examine
from tawatur.moderation.register import NewImage
from tawatur.store.files import StorageUnavailable
from tawatur.web.api.fields import MAX_ADDRESSES, Address, LongText, PageText, ShortText, SiteAddress
from tawatur.web.house import House
from tawatur.web.problems import Problem

MAX_BYTES = STANDARD_LIMITS.max_bytes
Said = TypeVar("Said", bound="Registration")
MAX_PART = 128 * 1024
"""Bytes of one field of a form besides the file: `page_text` is the longest."""
UNKNOWN_SIZE = (640, 480)
"""Of a picture that only its hash is known of: the size of its placeholder."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Registration(BaseModel):
    """What is said of a picture, however it comes."""

    model_config = ConfigDict(extra="forbid")

    external_id: ShortText | None = Field(None, description="The site's own id for it.")
    uploader: ShortText | None = Field(None, description="The site's opaque id of who posted it.")
    page_url: Address | None = Field(None, description="The page it stands on.")
    page_text: PageText | None = Field(
        None,
        description="That page's text, or its HTML, 100,000 bytes at most. It is read in the background to help a "
        "person, never to decide, and is not kept: only the names, places, events and their sentences are.",
    )
    caption: LongText | None = None
    address: Annotated[list[SiteAddress], BeforeValidator(_as_list)] = Field(
        [],
        max_length=MAX_ADDRESSES,
        description="Where the site serves the picture itself, for `/gate/check`: https addresses or paths.",
    )


class RegistrationJson(Registration):
    """Either `url`, or `pdq` with `quality`."""

    url: Address | None = Field(None, description="A public http or https address to fetch the picture from.")
    pdq: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None
    quality: int | None = Field(None, ge=0, le=100, strict=True)


_FILE = {
    "type": "string",
    "format": "binary",
    "description": "JPEG, PNG, WebP, GIF or AVIF; 20 MB and 40 megapixels at most.",
}
_form = Registration.model_json_schema()
_form["properties"] = {"file": _FILE, **_form["properties"]}
_form["required"] = ["file"]
REGISTER_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _form},
            "application/json": {"schema": RegistrationJson.model_json_schema()},
        },
    }
}


async def read_registration(request: Request, house: House) -> tuple[Registration, NewImage]:
    """What was said of the picture, and the picture, its bytes stored. Raises ImageRefused, Problem, Refused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        said, data = await _read_form(request)
        return said, await _stored(house, data)
    if kind == "application/json":
        try:
            body = await request.json()
        except (ValueError, RecursionError) as error:
            raise Problem(422, f"The body is not JSON: {error}.", "The request is not valid") from error
        said = _validated(RegistrationJson, body)
        plain = Registration(**said.model_dump(include=set(Registration.model_fields)))
        if said.url is not None and said.pdq is None:
            return plain, await _stored(house, await house.fetcher.fetch(said.url, MAX_BYTES))
        if said.pdq is not None and said.quality is not None and said.url is None:
            return plain, _hash_alone(said.pdq, said.quality)
        raise Problem(422, "Send either `url`, or `pdq` and `quality`.", "The request is not valid")
    raise Problem(415, "Send multipart/form-data with a `file`, or application/json.")


async def _read_form(request: Request) -> tuple[Registration, bytes]:
    """What the form says, and the file in it. Raises Problem, StorageUnavailable."""
    try:
        async with request.form(max_files=1, max_fields=10 + MAX_ADDRESSES, max_part_size=MAX_PART) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Problem(422, "Send the picture as a file in the form's field `file`.", "The request is not valid")
            fields: dict[str, Any] = {key: value for key, value in form.multi_items() if key != "file"}
            if "address" in fields:
                fields["address"] = form.getlist("address")
            said = _validated(Registration, fields)
            return said, await file.read()
    except OSError as error:  # larger files wait in the folder for temporary files while they come
        raise StorageUnavailable(f"The disk cannot hold the upload while it comes: {error.strerror}.") from error


def _validated(model: type[Said], values: Any) -> Said:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error


async def _stored(house: House, data: bytes) -> NewImage:
    if len(data) > MAX_BYTES:
        raise TooManyBytes(f"The file has {len(data):,} bytes; at most {MAX_BYTES:,} are taken. Scale it down.")
    seen, kept = await to_thread.run_sync(_examined, house, data, limiter=house.decoding)
    sha256 = await run_in_threadpool(house.files.put_image, kept)
    return NewImage(
        site="",
        sha256=sha256,
        media_type=seen.media_type,
        size=len(kept),
        width=seen.width,
        height=seen.height,
        pdq=seen.pdq,
        quality=seen.quality,
        prescale=seen.prescale,
        orientations=seen.orientations,
        description=seen.description,
    )


def _examined(house: House, data: bytes) -> tuple[Examined, bytes]:
    """What the file is, and the file without what it tells about people: nothing else is ever kept or served."""
    kept = house.sandbox.stripped(data)
    return examine(kept, draw=house.sandbox.draw, describe=house.describe), kept


def _hash_alone(pdq: str, quality: int) -> NewImage:
    width, height = UNKNOWN_SIZE
    return NewImage(
        site="",
        sha256="",
        media_type="",
        size=0,
        width=width,
        height=height,
        pdq=pdq,
        quality=quality,
        prescale=PRESCALE_VERSION,
        orientations=(pdq,),
    )
