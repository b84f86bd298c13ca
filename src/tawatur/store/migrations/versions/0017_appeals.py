"""Appeals, and who reviewed an image"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "appeals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("person", sa.Text()),
        sa.Column("against", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("closed_by", sa.Text()),
        sa.Column("answer", sa.Text()),
        sa.Column("same_person", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("review", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    op.create_index("ix_appeals_site_about_target", "appeals", ["site", "about", "target"])
    op.create_index("ix_appeals_site_person", "appeals", ["site", "person"])
    op.create_index("ix_appeals_site_id", "appeals", ["site", "id"])
    waits = sa.text("closed_at IS NULL")
    op.create_index("ix_appeals_waiting", "appeals", ["site", "id"], postgresql_where=waits, sqlite_where=waits)
    op.create_index(op.f("ix_reviews_image"), "reviews", ["image"])


def downgrade() -> None:
    op.drop_index(op.f("ix_reviews_image"), "reviews")
    op.drop_table("appeals")
