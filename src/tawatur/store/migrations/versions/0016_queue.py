"""The queue by status and reason, and an uploader's images"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_QUEUES = {
    "ix_families_queue": ["site", "look_value", "id"],
    "ix_families_queue_status": ["site", "status", "look_value", "id"],
    "ix_families_queue_reason": ["site", "look_reason", "look_value", "id"],
}


def upgrade() -> None:
    op.drop_index("ix_families_site_look_value", "families")
    op.add_column("families", sa.Column("look_reason", sa.Text()))
    op.execute("UPDATE families SET look_reason = reason WHERE queued_at IS NOT NULL")
    for name, columns in _QUEUES.items():
        _some(name, columns)
    op.create_index("ix_images_site_uploader", "images", ["site", "uploader"])


def downgrade() -> None:
    op.drop_index("ix_images_site_uploader", "images")
    for name in _QUEUES:
        op.drop_index(name, "families")
    op.drop_column("families", "look_reason")
    _some("ix_families_site_look_value", ["site", "look_value"])


def _some(name: str, columns: list[str]) -> None:
    waiting = sa.text("queued_at IS NOT NULL")
    op.create_index(name, "families", columns, postgresql_where=waiting, sqlite_where=waiting)
