"""join two telephones: the clerk's own and the citizen's, for one visit"""

import sqlalchemy as sa
from alembic import op

revision = "4b7d20c9e6f1"
down_revision = "d4a90c37be12"

DELIVERY = ("accepted", "on_its_way", "handed_over", "delivered", "undelivered")
TROUBLE = (
    *("near_rings", "far_rings", "talking", "over", "near_missed", "far_missed"),
    *("given_up", "refused", "not_now"),
)


def words(name, values):
    return sa.Enum(*values, name=name, native_enum=False, length=16, create_constraint=True)


def upgrade():
    op.create_table(
        "bridge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("near", words("near", DELIVERY), nullable=True),
        sa.Column("near_id", sa.String(length=64), nullable=True),
        sa.Column("far", words("far", DELIVERY), nullable=True),
        sa.Column("far_id", sa.String(length=64), nullable=True),
        sa.Column("trouble", words("bridging", TROUBLE), nullable=True),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_bridge_town_id_town"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_bridge_visit_id_visit"),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name="fk_bridge_by_id_account"),
        sa.PrimaryKeyConstraint("id", name="pk_bridge"),
        sa.UniqueConstraint("code", name="uq_bridge_code"),
    )
    op.create_index("ix_bridge_town_id", "bridge", ["town_id"])
    op.create_index("ix_bridge_visit_id", "bridge", ["visit_id"])
    op.create_index("ix_bridge_by_id_asked_at", "bridge", ["by_id", "asked_at"])


def downgrade():
    op.drop_table("bridge")
