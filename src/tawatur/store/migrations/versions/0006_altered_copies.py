"""What pictures are known by, and which ones altered copies are looked for"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "descriptions",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site", "image", name=op.f("pk_descriptions")),
    )
    op.create_index(op.f("ix_descriptions_at"), "descriptions", ["at"])
    op.create_table(
        "altered",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "seq", name=op.f("pk_altered")),
    )
    op.create_index("ix_altered_site_image", "altered", ["site", "image"])
    op.create_table(
        "altered_heads",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("searched", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_altered_heads")),
    )
    op.create_table(
        "altered_copies",
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("corners", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image", "other", name=op.f("pk_altered_copies")),
    )
    op.create_index("ix_altered_copies_other", "altered_copies", ["other"])
    # What is blocked already, by its oldest image with bytes; the server finds out what each is known by.
    op.execute(
        "INSERT INTO altered (site, seq, family, image, gone) "
        "SELECT site, ROW_NUMBER() OVER (PARTITION BY site ORDER BY family), family, image, FALSE FROM ("
        "SELECT families.site AS site, families.id AS family, MIN(images.id) AS image FROM families "
        "JOIN images ON images.family = families.id "
        "WHERE families.status = 'blocked' AND images.size > 0 GROUP BY families.site, families.id) AS blocked"
    )
    op.execute("INSERT INTO altered_heads (site, seq, searched) SELECT site, MAX(seq), 0 FROM altered GROUP BY site")


def downgrade() -> None:
    for table in ("altered_copies", "altered_heads", "altered", "descriptions"):
        op.drop_table(table)
