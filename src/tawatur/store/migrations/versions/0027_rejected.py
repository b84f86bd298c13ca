"""Who is often wrong, without reading who is not"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    rejected = sa.text("outcome = 'rejected'")
    columns = ["site", "first_at", "reporter"]
    op.create_index("ix_reports_rejected", "reports", columns, postgresql_where=rejected, sqlite_where=rejected)


def downgrade() -> None:
    op.drop_index("ix_reports_rejected", "reports")
