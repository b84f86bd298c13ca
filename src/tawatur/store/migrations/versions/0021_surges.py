"""Reports by hour, and surges of them"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "report_hours",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "hour", name=op.f("pk_report_hours")),
    )
    op.create_table(
        "surges",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Float(), nullable=False),
        sa.Column("peak", sa.Integer(), nullable=False),
        sa.Column("attack", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "begins", name=op.f("pk_surges")),
    )
    op.create_index("ix_reports_site_first_at", "reports", ["site", "first_at"])
    grave = sa.text("reason = 'child_safety'")
    op.create_index("ix_reports_child_safety", "reports", ["family"], postgresql_where=grave, sqlite_where=grave)


def downgrade() -> None:
    op.drop_index("ix_reports_child_safety", "reports")
    op.drop_index("ix_reports_site_first_at", "reports")
    for table in ("surges", "report_hours"):
        op.drop_table(table)
