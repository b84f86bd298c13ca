"""How far each reader of the log has come"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "cursors",
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("pk_cursors")),
    )


def downgrade() -> None:
    op.drop_table("cursors")
