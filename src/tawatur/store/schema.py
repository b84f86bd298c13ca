"""The tables, but for those of the console (people.py). Every row belongs to a site, and the site's or the image's id
leads every key.

Times are whole microseconds since 1970 in UTC, so that both databases keep them exactly and alike;
in Python they are aware datetimes. Ids are UUIDv7 texts, which sort by the time they were made.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware moment, kept as whole microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[int | None], datetime | None]:
        return _moment  # without the detour of a TypeDecorator: every row that is read has several

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else microseconds(value)


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 in UTC; `moment` is aware."""
    return (moment - _EPOCH) // _MICROSECOND


def _moment(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _index_of_some(name: str, where: str, *columns: str) -> Index:
    """An index of those rows alone that this holds of."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


sites = Table(
    "sites",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("policy_version", Integer, nullable=False, server_default="0"),
    Column("recorded", Integer, nullable=False, server_default="0"),
    Column("model_version", Integer, nullable=False, server_default="0"),
    Column("second_factor", Boolean, nullable=False, server_default=false()),
)

policies = Table(
    "policies",
    metadata,
    Column("site", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("author", Text),
)

models = Table(
    "models",
    metadata,
    Column("site", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)

site_records = Table(
    "site_records",
    metadata,
    Column("site", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("confirmed", Float, nullable=False),
    Column("reviewed", Float, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("site", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

families = Table(
    "families",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("authority", Integer, nullable=False),
    Column("cause", Text),
    Column("reason", Text),
    Column("outcome", Text),
    Column("immune_until", Instant),
    Column("rejections", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("acted_at", Instant),
    Column("review_by", Instant),
    Column("queued_at", Instant),
    Column("look_value", Float, nullable=False),
    Column("views", BigInteger),
    Column("version", Integer, nullable=False),
    Column("shadow", Text),
    Column("look_reason", Text),
    _index_of_some("ix_families_queue", "queued_at IS NOT NULL", "site", "look_value", "id"),
    _index_of_some("ix_families_queue_status", "queued_at IS NOT NULL", "site", "status", "look_value", "id"),
    _index_of_some("ix_families_queue_reason", "queued_at IS NOT NULL", "site", "look_reason", "look_value", "id"),
    _index_of_some("ix_families_review_by", "review_by IS NOT NULL", "review_by"),
)

images = Table(
    "images",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("family", Text, nullable=False, index=True),
    Column("registered_at", Instant, nullable=False),
    Column("external_id", Text),
    Column("uploader", Text),
    Column("page_url", Text),
    Column("caption", Text),
    Column("sha256", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("pdq", Text),
    Column("quality", Integer),
    Column("prescale", Integer),
    Column("views", BigInteger),
    Column("cut", Boolean, nullable=False),
    Index("ix_images_site_sha256", "site", "sha256"),
    Index("ix_images_site_external_id", "site", "external_id"),
    Index("ix_images_site_uploader", "site", "uploader"),
)

addresses = Table(
    "addresses",
    metadata,
    Column("site", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("image", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

hashes = Table(
    "hashes",
    metadata,
    Column("site", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("image", Text, nullable=False),
    Column("pdq", Text, nullable=False),
    Column("gone", Boolean, nullable=False),
)

hash_heads = Table(
    "hash_heads",
    metadata,
    Column("site", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

banks = Table(
    "banks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text),
    Column("reason", Text),
    Column("distance", Integer, nullable=False),
    Column("enabled_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("site", "name"),
)

bank_hashes = Table(
    "bank_hashes",
    metadata,
    Column("bank", Text, primary_key=True),
    Column("pdq", Text, primary_key=True),
    Column("note", Text),
    Column("added_at", Instant, nullable=False),
)

likely_copies = Table(
    "likely_copies",
    metadata,
    Column("image", Text, primary_key=True),
    Column("other", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("distance", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_likely_copies_other", "other"),
)

descriptions = Table(
    "descriptions",
    metadata,
    Column("site", Text, primary_key=True),
    Column("image", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)

altered = Table(
    "altered",
    metadata,
    Column("site", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("family", Text, nullable=False),
    Column("image", Text, nullable=False),
    Column("gone", Boolean, nullable=False),
    Index("ix_altered_site_image", "site", "image"),
)

altered_heads = Table(
    "altered_heads",
    metadata,
    Column("site", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("searched", BigInteger, nullable=False, server_default="0"),
)

altered_copies = Table(
    "altered_copies",
    metadata,
    Column("image", Text, primary_key=True),
    Column("other", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("corners", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_altered_copies_other", "other"),
)

reporters = Table(
    "reporters",
    metadata,
    Column("site", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("first_at", Instant, nullable=False),
    Column("account_created_at", Instant),
    Column("reported", Integer, nullable=False),
    Column("confirmed_reports", Integer, nullable=False),
    Column("reviewed_reports", Integer, nullable=False),
    Column("probation_until", Instant),
    Column("muted", Boolean, nullable=False),
    Column("told_at", Instant),
    Column("suspended_until", Instant),
    Column("steps", Integer, nullable=False, server_default="0"),
)

records = Table(
    "records",
    metadata,
    Column("site", Text, primary_key=True),
    Column("reporter", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("confirmed", Float, nullable=False),
    Column("rejected", Float, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("image", Text, nullable=False),
    Column("reporter", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("comment", Text),
    Column("first_at", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Column("device", Text),
    Column("network", Text),
    Column("referrer", Text),
    Column("account_created_at", Instant),
    Column("outcome", Text),
    Column("earned", Float, nullable=False),
    Column("probation_until", Instant),
    Column("anonymous", Boolean, nullable=False, server_default=false()),
    Column("voided", Boolean, nullable=False, server_default=false()),
    Column("inert", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("family", "reporter", "round"),
    Index("ix_reports_site_reporter_first_at", "site", "reporter", "first_at"),
    Index("ix_reports_site_first_at", "site", "first_at"),
    _index_of_some("ix_reports_rejected", "outcome = 'rejected'", "site", "first_at", "reporter"),
    _index_of_some("ix_reports_child_safety", "reason = 'child_safety'", "family"),
)

networks = Table(
    "networks",
    metadata,
    Column("site", Text, primary_key=True),
    Column("network", Text, primary_key=True),
    Column("people", Integer, nullable=False),
)

network_people = Table(
    "network_people",
    metadata,
    Column("site", Text, primary_key=True),
    Column("network", Text, primary_key=True),
    Column("reporter", Text, primary_key=True),
)

viewings = Table(
    "viewings",
    metadata,
    Column("site", Text, nullable=False),
    Column("family", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("upheld", Boolean),
    Column("reported", Boolean, nullable=False),
    Index("ix_viewings_site_at", "site", "at"),
    _index_of_some("ix_viewings_judged", "upheld IS NOT NULL", "site", "person"),
)

site_coins = Table(
    "site_coins",
    metadata,
    Column("site", Text, primary_key=True),
    Column("hits", BigInteger, nullable=False),
    Column("violating", BigInteger, nullable=False),
    Column("false_alarms", BigInteger, nullable=False),
    Column("fine", BigInteger, nullable=False),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("family", Text, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("action", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_verdicts_site_action_at", "site", "action", "at"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("family", Text, nullable=False, index=True),
    Column("image", Text, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("authority", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("note", Text),
    Column("measure", Text),
    Column("blocked_at", Instant),
    _index_of_some("ix_reviews_judged_blocks", "blocked_at IS NOT NULL", "site", "at"),
)

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("position", BigInteger),
    Column("site", Text, nullable=False),
    Column("image", Text),
    Column("at", Instant, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("position"),
    Index("ix_events_site_position", "site", "position"),
    _index_of_some("ix_events_unpositioned", "position IS NULL", "at", "id"),
)

sequence = Table(
    "sequence",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("site", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
