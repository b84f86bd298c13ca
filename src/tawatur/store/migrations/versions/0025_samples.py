"""Cases that chance picked for a look"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "samples",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("family", "kind", name=op.f("pk_samples")),
    )
    op.create_index("ix_samples_site_at", "samples", ["site", "at"])


def downgrade() -> None:
    op.drop_table("samples")
    op.execute("DELETE FROM cursors WHERE reader LIKE 'audit/%'")  # the next upgrade picks anew
