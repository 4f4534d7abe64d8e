"""let a town choose a media server for its calls, and remember what each seat has there"""

import sqlalchemy as sa
from alembic import op

revision = "7c3b90e15af4"
down_revision = "d40c7a92e1b5"


def upgrade():
    for name in ("town", "participant"):
        op.add_column(
            name, sa.Column("media", sa.String(16), nullable=False, server_default="mesh")
        )
    op.add_column("participant", sa.Column("media_session", sa.BigInteger()))


def downgrade():
    op.drop_column("participant", "media_session")
    for name in ("participant", "town"):
        op.drop_column(name, "media")
