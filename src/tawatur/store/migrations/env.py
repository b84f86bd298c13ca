"""Alembic's entry: runs on the connection that `Database.migrate` hands over."""

from alembic import context

from tawatur.store import (  # noqa: F401  (their tables belong to the metadata)
    appeals,
    claims,
    contexts,
    cursors,
    deliveries,
    fediverse,
    guesses,
    halfways,
    identities,
    labels,
    notes,
    openings,
    people,
    proofs,
    restrictions,
    samples,
    seals,
    second_factors,
    shields,
    surges,
    tallies,
    undoables,
    veils,
    webhooks,
)
from tawatur.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
