"""Labels for Bluesky's network"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TEXT

revision = "0024"
down_revision = "0023"

_BY_BYTES = sa.Text().with_variant(TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "labelers",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("did", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("forgotten", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_labelers")),
        sa.UniqueConstraint("did", name=op.f("uq_labelers_did")),
    )
    op.create_table(
        "labels",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uri", _BY_BYTES, nullable=False),
        sa.Column("cid", sa.Text()),
        sa.Column("val", sa.Text(), nullable=False),
        sa.Column("neg", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site", "seq", name=op.f("pk_labels")),
    )
    op.create_index("ix_labels_site_uri", "labels", ["site", "uri"])
    op.create_table(
        "labelled",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("uri", _BY_BYTES, nullable=False),
        sa.Column("cid", sa.Text()),
        sa.Column("val", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "image", name=op.f("pk_labelled")),
    )
    op.create_index("ix_labelled_site_uri", "labelled", ["site", "uri"])


def downgrade() -> None:
    for table in ("labelled", "labels", "labelers"):
        op.drop_table(table)
