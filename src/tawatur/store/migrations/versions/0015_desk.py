"""Claims on cases, notes about them, and who opened what is shown to nobody, and veils"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_claims")),
    )
    op.create_index(op.f("ix_claims_until"), "claims", ["until"])
    op.create_table(
        "notes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index("ix_notes_family_id", "notes", ["family", "id"])
    op.create_table(
        "openings",
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image", "person", name=op.f("pk_openings")),
    )
    op.create_index(op.f("ix_openings_until"), "openings", ["until"])
    op.create_table(
        "veils",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("blur", sa.Boolean(), nullable=False),
        sa.Column("grey", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_veils")),
    )


def downgrade() -> None:
    for table in ("veils", "openings", "notes", "claims"):
        op.drop_table(table)
