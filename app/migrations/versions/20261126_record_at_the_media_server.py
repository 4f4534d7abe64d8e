"""recordings: a media server may record, with a file of each voice and picture"""

import sqlalchemy as sa
from alembic import op

revision = "c41e7b90d2a8"
down_revision = "c5d1e07f42ab"


def upgrade():
    op.add_column(
        "segment",
        sa.Column("by_server", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for name, length in (("medium", 10), ("who", 16), ("file_name", 160)):
        op.add_column("take", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column(
        "take", sa.Column("read_bytes", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade():
    for name in ("read_bytes", "file_name", "who", "medium"):
        op.drop_column("take", name)
    op.drop_column("segment", "by_server")
