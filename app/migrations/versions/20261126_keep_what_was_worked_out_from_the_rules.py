"""keep what was worked out from the rules until one of them changes"""

import sqlalchemy as sa
from alembic import op

revision = "5f0c8e2a91b7"
down_revision = "5c8e1f4a9b27"


def upgrade():
    op.create_table(
        "rule_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_change")),
        sqlite_autoincrement=True,
    )


def downgrade():
    op.drop_table("rule_change")
