"""What a site learned"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "version", name=op.f("pk_models")),
    )
    op.add_column("sites", sa.Column("model_version", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("sites", "model_version")
    op.drop_table("models")
