"""What the pages say that images stand on"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "contexts",
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("image", name=op.f("pk_contexts")),
    )
    op.create_index(op.f("ix_contexts_at"), "contexts", ["at"])


def downgrade() -> None:
    op.drop_table("contexts")
