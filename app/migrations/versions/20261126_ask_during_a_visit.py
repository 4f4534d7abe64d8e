"""ask during a visit: requests and scripts; procedures that are recorded, written and kept

Columns of a procedure are added in place: a table that others point to is never copied.
"""

import sqlalchemy as sa
from alembic import op

revision = "7be2d4c1f806"
down_revision = "a5d17c0b9e62"


def upgrade():
    for column in (
        word("recording", "none"),
        word("stage", "offered"),
        json("recording_reason", "{}"),
        json("script", "{}"),
        json("requests", "[]"),
        sa.Column("retention_days", sa.Integer()),
        sa.Column("edition", sa.Integer(), nullable=False, server_default="1"),
    ):
        op.add_column("procedure", column)
    op.create_table(
        "visit_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            one_of("kind", "paper", "text", "data", "identify", "sign", "pay"),
            nullable=False,
        ),
        sa.Column("way", one_of("way", "sms", "passkey", "eid", "clerk", "link")),
        sa.Column(
            "state",
            one_of("state", "asked", "done", "refused", "withdrawn", "expired"),
            nullable=False,
        ),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("cents", sa.Integer()),
        sa.Column("text_version", sa.String(40), nullable=False),
        sa.Column("text_digest", sa.String(64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("repeats_id", sa.Integer()),
        sa.Column("form_token", sa.String(64), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True)),
        *of_town("visit_request"),
        sa.CheckConstraint(
            "(state = 'asked') = (answered_at IS NULL)", name="ck_visit_request_answered"
        ),
        key("visit_request", "visit_id", "visit"),
        key("visit_request", "by_id", "account"),
        key("visit_request", "repeats_id", "visit_request"),
        sa.PrimaryKeyConstraint("id", name="pk_visit_request"),
        sa.UniqueConstraint("code", name="uq_visit_request_code"),
        sa.UniqueConstraint("visit_id", "form_token", name="uq_visit_request_visit_id_form_token"),
    )
    for column in ("town_id", "visit_id", "expires_at"):
        op.create_index(f"ix_visit_request_{column}", "visit_request", [column])
    op.create_table(
        "script_tick",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=False),
        *of_town("script_tick"),
        key("script_tick", "visit_id", "visit"),
        key("script_tick", "by_id", "account"),
        sa.PrimaryKeyConstraint("visit_id", "key", name="pk_script_tick"),
    )
    op.create_index("ix_script_tick_town_id", "script_tick", ["town_id"])
    op.create_table(
        "procedure_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer()),
        *of_town("procedure_edition"),
        key("procedure_edition", "procedure_id", "procedure"),
        key("procedure_edition", "by_id", "account"),
        sa.PrimaryKeyConstraint("id", name="pk_procedure_edition"),
        sa.UniqueConstraint(
            "procedure_id", "number", name="uq_procedure_edition_procedure_id_number"
        ),
    )
    for column in ("town_id", "procedure_id"):
        op.create_index(f"ix_procedure_edition_{column}", "procedure_edition", [column])


def downgrade():
    op.drop_table("procedure_edition")
    op.drop_table("script_tick")
    op.drop_table("visit_request")
    for column in (
        *("edition", "retention_days", "requests", "script", "recording_reason"),
        *("stage", "recording"),
    ):
        op.drop_column("procedure", column)


def word(name, usual):
    return sa.Column(name, sa.String(16), nullable=False, server_default=usual)


def json(name, usual):
    return sa.Column(name, sa.JSON(), nullable=False, server_default=usual)


def one_of(name, *values):
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=16)


def of_town(table):
    return sa.Column("town_id", sa.Integer(), nullable=False), key(table, "town_id", "town")


def key(table, column, to):
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}")
