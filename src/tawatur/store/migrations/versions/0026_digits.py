"""Which digits somebody reads"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("people", sa.Column("digits", sa.Text()))


def downgrade() -> None:
    op.drop_column("people", "digits")
