"""Banks of a site: lists of hashes that block copies, or overrule a match."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from tawatur.moderation.banks import DEFAULT_DISTANCE, add_to_bank, find_bank, put_bank, remove_from_bank
from tawatur.moderation.refusals import UnknownBank
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


@router.delete("/{name}/hashes/{pdq}", summary="Take a hash out of a bank", response_model=HashesOut)
async def remove(request: Request, site: SiteId, name: Name, pdq: Pdq) -> Any:
    """Pictures that it blocked stay as they are until a person looks."""
    database = house_of(request).database
    bank = await run_in_threadpool(_own, database, site, name)
    return HashesOut(changed=await run_in_threadpool(remove_from_bank, database, bank, [pdq]))


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
