"""let a town choose plain letters for its messages, and count what each one costs"""

import sqlalchemy as sa
from alembic import op

revision = "c41e0a6f7d15"
down_revision = "8b6d1f0c2e47"


def upgrade():
    with op.batch_alter_table("town") as town:
        town.add_column(
            sa.Column("has_plain_sms", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("message") as message:
        message.add_column(sa.Column("segments", sa.Integer(), nullable=False, server_default="1"))


def downgrade():
    with op.batch_alter_table("message") as message:
        message.drop_column("segments")
    with op.batch_alter_table("town") as town:
        town.drop_column("has_plain_sms")
