"""Seals over the log, the keys that sign them, and what was erased since"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seals")),
        sa.UniqueConstraint("last", name=op.f("uq_seals_last")),
    )
    op.create_table(
        "sealed",
        sa.Column("seal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("salts", sa.LargeBinary(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seal", name=op.f("pk_sealed")),
    )
    op.create_table(
        "seal_keys",
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("previous_signature", sa.Text()),
        sa.PrimaryKeyConstraint("since", name=op.f("pk_seal_keys")),
    )
    op.create_table(
        "erased_parts",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", "part", name=op.f("pk_erased_parts")),
    )


def downgrade() -> None:
    for table in ("erased_parts", "seal_keys", "sealed", "seals"):
        op.drop_table(table)
