"""What stood before the latest decisions, and what upholding a case did"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "undoables",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("review", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_undoables")),
    )
    op.create_index(op.f("ix_undoables_at"), "undoables", ["at"])
    with op.batch_alter_table("reviews") as reviews:
        reviews.add_column(sa.Column("measure", sa.Text()))


def downgrade() -> None:
    with op.batch_alter_table("reviews") as reviews:
        reviews.drop_column("measure")
    op.drop_table("undoables")
