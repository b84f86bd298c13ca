"""Who was shown what, where a site has it kept"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_JUDGED = sa.text("upheld IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "viewings",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("reported", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("family", "person", name=op.f("pk_viewings")),
    )
    op.create_index("ix_viewings_site_at", "viewings", ["site", "at"])
    op.create_index(
        "ix_viewings_judged", "viewings", ["site", "person"], postgresql_where=_JUDGED, sqlite_where=_JUDGED
    )
    op.create_table(
        "site_coins",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("violating", sa.BigInteger(), nullable=False),
        sa.Column("false_alarms", sa.BigInteger(), nullable=False),
        sa.Column("fine", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_site_coins")),
    )


def downgrade() -> None:
    op.drop_table("site_coins")
    op.drop_table("viewings")
