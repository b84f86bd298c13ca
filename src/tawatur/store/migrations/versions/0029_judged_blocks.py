"""When reports had blocked what a person decided on"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("reviews", sa.Column("blocked_at", sa.BigInteger()))
    there = sa.text("blocked_at IS NOT NULL")
    op.create_index("ix_reviews_judged_blocks", "reviews", ["site", "at"], postgresql_where=there, sqlite_where=there)


def downgrade() -> None:
    op.drop_index("ix_reviews_judged_blocks", "reviews")
    op.drop_column("reviews", "blocked_at")
