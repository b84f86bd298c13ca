"""Anonymous readers, and the proofs of work that they have used"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("reports", sa.Column("anonymous", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "proofs",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "digest", name=op.f("pk_proofs")),
    )
    op.create_index(op.f("ix_proofs_at"), "proofs", ["at"])
    op.create_index("ix_proofs_site_at", "proofs", ["site", "at"])


def downgrade() -> None:
    op.drop_table("proofs")
    op.drop_column("reports", "anonymous")
