"""Webhooks: where events are sent, and what has not arrived"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Integer(), nullable=False),
        sa.Column("earlier_until", sa.BigInteger()),
        sa.Column("rotated_by", sa.Text()),
        sa.Column("rests_until", sa.BigInteger()),
        sa.Column("held_by", sa.Text()),
        sa.Column("held_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_site"), "webhooks", ["site"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("dead_at", sa.BigInteger()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("webhook", "position", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index(op.f("ix_webhook_deliveries_dead_at"), "webhook_deliveries", ["dead_at"])
    op.create_index(
        "ix_webhook_deliveries_webhook_image_position", "webhook_deliveries", ["webhook", "image", "position"]
    )
    op.create_index(op.f("ix_webhook_deliveries_next_at"), "webhook_deliveries", ["next_at"])


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
