"""Banks of a site: lists of hashes that block copies, or overrule a match."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tawatur.moderation.banks import DEFAULT_DISTANCE, add_to_bank, change_bank, find_bank, put_bank, remove_from_bank
from tawatur.moderation.hash_lists import read_any, write_any
from tawatur.moderation.refusals import BadBank, UnknownBank
from tawatur.store import banks
from tawatur.store.banks import Bank
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tawatur.store.site_hashes import WIDEST
from tawatur.web.api.fields import ShortText
from tawatur.web.auth import SiteId
from tawatur.web.house import house_of

router = APIRouter(prefix="/v1/banks", tags=["banks"])

MAX_HASHES = 500
Pdq = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Name = Annotated[ShortText, Path(description="The bank's name, the site's own.")]


class BankIn(BaseModel):
    """What a bank does with the pictures that it knows."""

    kind: Literal["block", "allow"]
    reason: str | None = Field(None, description="The rule that what it blocks breaks.", max_length=64)
    source: ShortText | None = Field(None, description="Where the list comes from.")
    distance: int = Field(DEFAULT_DISTANCE, ge=0, le=WIDEST, strict=True, description="Bits that a match may differ.")
    enabled_until: AwareDatetime | None = None


class BankOut(BankIn):
    name: str
    shared: bool = Field(description="Whether the operator made it for all sites.")
    hashes: int


class BanksOut(BaseModel):
    banks: list[BankOut]


class HashesIn(BaseModel):
    pdqs: list[Pdq] = Field(max_length=MAX_HASHES)
    note: ShortText | None = None


class HashesOut(BaseModel):
    changed: int = Field(description="How many of the hashes were new, or were taken out.")


class ImportOut(BaseModel):
    added: int = Field(description="How many hashes were new.")
    removed: int = Field(description="How many were taken out, because others took them back.")
    left_out: dict[str, int] = Field(description="How many of the list's hashes are not meant for this bank, by why.")


@router.get("", summary="The banks that bear on this site", response_model=BanksOut)
async def list_banks(request: Request, site: SiteId) -> Any:
    """The site's own banks, and those that the operator shares with all sites."""
    return BanksOut(banks=await run_in_threadpool(_list, house_of(request).database, site))


@router.put("/{name}", summary="Make or change a bank", response_model=BankOut)
async def put(request: Request, site: SiteId, name: Name, body: BankIn) -> Any:
    """Makes a bank of this name, or changes what it does; its hashes stay."""
    bank = Bank(new_id(), site, name, created_at=datetime.now(UTC), **body.model_dump())
    database = house_of(request).database
    made = await run_in_threadpool(put_bank, database, bank)
    known = await run_in_threadpool(_list, database, site)
    return next(one for one in known if one.name == made.name and not one.shared)


@router.post("/{name}/hashes", summary="Add hashes to a bank", response_model=HashesOut)
async def add(request: Request, site: SiteId, name: Name, body: HashesIn) -> Any:
    """The next picture that is registered is compared with them."""
    database = house_of(request).database
    bank = await run_in_threadpool(_own, database, site, name)
    entries = [(pdq, body.note) for pdq in body.pdqs]
    return HashesOut(changed=await run_in_threadpool(add_to_bank, database, bank, entries, datetime.now(UTC)))


_LIST = {"schema": {"type": "string"}}
_LIST_BODY = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": _LIST, "application/x-ndjson": _LIST, "application/json": _LIST, "text/plain": _LIST},
    }
}


@router.post("/{name}/import", summary="Read a list into a bank", response_model=ImportOut, openapi_extra=_LIST_BODY)
async def import_list(
    request: Request,
    site: SiteId,
    name: Name,
    form: Annotated[Literal["list", "threatexchange"], Query(alias="format")] = "list",
    tag: Annotated[
        list[ShortText] | None, Query(description="With threatexchange: only hashes with one of these.")
    ] = None,
) -> Any:
    """CSV or JSON Lines as `bank export` writes them, or, with `format=threatexchange`, any of ThreatExchange's forms:
    all of the list, or, when a line is wrong, nothing."""
    try:
        text = (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise BadBank(f"The list is not in UTF-8: byte {error.start} is wrong.") from error
    house = house_of(request)
    return await run_in_threadpool(_import, house.database, site, name, text, form, tag or [])


@router.get(
    "/{name}/export",
    summary="A bank as a list",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/plain": _LIST}}},
)
async def export_list(
    request: Request, site: SiteId, name: Name, form: Annotated[str, Query(alias="format", max_length=20)] = "csv"
) -> Response:
    """In the form `csv`, `jsonl`, `threatexchange`, `tx-csv` or `tx-lines`."""
    lines = await run_in_threadpool(_export, house_of(request).database, site, name, form)
    return StreamingResponse(lines, media_type="text/plain")


@router.delete("/{name}/hashes/{pdq}", summary="Take a hash out of a bank", response_model=HashesOut)
async def remove(request: Request, site: SiteId, name: Name, pdq: Pdq) -> Any:
    """Pictures that it blocked stay as they are until a person looks."""
    database = house_of(request).database
    bank = await run_in_threadpool(_own, database, site, name)
    return HashesOut(changed=await run_in_threadpool(remove_from_bank, database, bank, [pdq]))


def _import(database: Database, site: str, name: str, text: str, form: str, tags: list[str]) -> ImportOut:
    bank = _own(database, site, name)
    found = read_any(text, form, bank, tags)
    added, removed = change_bank(database, bank, found.entries.items(), found.gone, datetime.now(UTC))
    return ImportOut(added=added, removed=removed, left_out=found.left_out)


def _export(database: Database, site: str, name: str, form: str) -> Iterator[str]:
    bank = _own(database, site, name)
    with database.read() as connection:
        return write_any(bank, banks.hashes(connection, bank.id), form)


def _own(database: Database, site: str, name: str) -> Bank:
    bank = find_bank(database, site, name)
    if bank.site != site:
        raise UnknownBank(f"The bank {name!r} is shared by all sites; only the operator can change it.")
    return bank


def _list(database: Database, site: str) -> list[BankOut]:
    with database.read() as connection:
        known, sizes = banks.of_site(connection, site), banks.sizes(connection)
    return [
        BankOut(
            name=bank.name,
            kind="allow" if bank.kind == "allow" else "block",
            reason=bank.reason,
            source=bank.source,
            distance=bank.distance,
            enabled_until=bank.enabled_until,
            shared=bank.site != site,
            hashes=sizes.get(bank.id, 0),
        )
        for bank in known
    ]
