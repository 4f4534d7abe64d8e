"""what figures say of a visit outlives it"""

import sqlalchemy as sa
from alembic import op

revision = "d4a90c37be12"
down_revision = "c7d31e5f90ab"


def upgrade():
    op.create_table(
        "past_visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("office", sa.String(length=60), nullable=False),
        sa.Column("procedure", sa.String(length=60), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("ended_by", sa.String(length=20), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("is_walk_in", sa.Boolean(), nullable=False),
        sa.Column("waited", sa.Float(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=True),
        sa.Column("took", sa.Float(), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("understood", sa.String(length=8), nullable=True),
        sa.Column("solved", sa.String(length=8), nullable=True),
        sa.Column("comes_back", sa.Boolean(), nullable=False),
        sa.Column("picture_ms", sa.Integer(), nullable=True),
        sa.Column("is_call", sa.Boolean(), nullable=False),
        sa.Column("is_lost", sa.Boolean(), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_past_visit_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_past_visit"),
    )
    op.create_index("ix_past_visit_day", "past_visit", ["day"])
    op.create_index("ix_past_visit_town_id", "past_visit", ["town_id"])


def downgrade():
    op.drop_table("past_visit")
