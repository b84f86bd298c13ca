"""How reporters stand: warned, suspended; reports that were voided or never counted"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("reporters", sa.Column("told_at", sa.BigInteger()))
    op.add_column("reporters", sa.Column("suspended_until", sa.BigInteger()))
    op.add_column("reporters", sa.Column("steps", sa.Integer(), server_default="0", nullable=False))
    op.add_column("reports", sa.Column("voided", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("reports", sa.Column("inert", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    for table, column in (
        ("reports", "inert"),
        ("reports", "voided"),
        ("reporters", "steps"),
        ("reporters", "suspended_until"),
        ("reporters", "told_at"),
    ):
        op.drop_column(table, column)
