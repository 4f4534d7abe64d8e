"""archive: bytes that the register does not know are noted before they are destroyed"""

import sqlalchemy as sa
from alembic import op

revision = "b92e64f17d03"
down_revision = "a83f5d10c6e2"


def upgrade():
    op.create_table(
        "stranger",
        sa.Column("place", sa.String(length=1000), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_stranger"),
    )


def downgrade():
    op.drop_table("stranger")
