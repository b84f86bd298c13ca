"""What a policy in shadow would have made of a family"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("families", sa.Column("shadow", sa.Text()))


def downgrade() -> None:
    op.drop_column("families", "shadow")
