"""The name of a constraint that the first release called otherwise than those after it"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_FIRST, _NOW = "uq_banks_site", "uq_banks_site_name"


def upgrade() -> None:
    named = [one["name"] for one in sa.inspect(op.get_bind()).get_unique_constraints("banks")]
    if _NOW in named:
        return
    with op.batch_alter_table("banks") as banks:
        banks.drop_constraint(_FIRST, type_="unique")
        banks.create_unique_constraint(_NOW, ["site", "name"])


def downgrade() -> None:
    """Nobody asks by which name; it stays."""
