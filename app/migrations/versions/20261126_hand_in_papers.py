"""hand in papers during a visit, and look at them together"""

import sqlalchemy as sa
from alembic import op

revision = "4e9b7c20d5a6"
down_revision = "e2897b65acd3"


def kept(name, *values):
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=16)


def upgrade():
    op.create_table(
        "paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("side", kept("paperside", "citizen", "clerk"), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", kept("paperkind", "pdf", "jpeg", "png"), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            kept("paperstate", "receiving", "checking", "ready", "refused", "removed"),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("waits_for", sa.String(length=16), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("taken_out", sa.JSON(), nullable=False),
        sa.Column("contents", sa.JSON(), nullable=False),
        sa.Column("original", sa.String(length=16), nullable=True),
        sa.Column("clean", sa.String(length=16), nullable=True),
        sa.Column("sheets", sa.String(length=16), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("received >= 0 AND received <= size", name=op.f("ck_paper_received")),
        sa.CheckConstraint(
            "state NOT IN ('ready') OR clean IS NOT NULL", name=op.f("ck_paper_checked")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_paper_by_id_account")),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_paper_town_id_town")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_paper_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper")),
        sa.UniqueConstraint("code", name=op.f("uq_paper_code")),
        sa.UniqueConstraint("visit_id", "key", name=op.f("uq_paper_visit_id_key")),
    )
    with op.batch_alter_table("paper") as paper:
        paper.create_index(op.f("ix_paper_town_id"), ["town_id"])
        paper.create_index(op.f("ix_paper_visit_id"), ["visit_id"])
        paper.create_index("ix_paper_town_id_state", ["town_id", "state"])
    op.create_table(
        "paper_look",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("shown_by", kept("lookside", "citizen", "clerk"), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("zoom", sa.Integer(), nullable=False),
        sa.Column("left", sa.Float(), nullable=False),
        sa.Column("top", sa.Float(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("said", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["paper.id"], name=op.f("fk_paper_look_paper_id_paper")
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_paper_look_town_id_town")),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name=op.f("fk_paper_look_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_paper_look")),
    )
    with op.batch_alter_table("paper_look") as look:
        look.create_index(op.f("ix_paper_look_paper_id"), ["paper_id"])
        look.create_index(op.f("ix_paper_look_town_id"), ["town_id"])


def downgrade():
    op.drop_table("paper_look")
    op.drop_table("paper")
