"""know who is there: identifications of a visit, checks, authorised clerks, national identities

Columns are added in place. Whoever had booked with a code had shown their telephone: it is
written down for the visits that are here.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "a41c7d09e2b8"
down_revision = "5c1f8a2e9d47"

LETTERS = "23456789bcdfghjkmnpqrstvwxyz"


def upgrade():
    op.add_column(
        "town",
        sa.Column("document_rule", sa.String(16), nullable=False, server_default="masked"),
    )
    op.add_column(
        "town", sa.Column("document_days", sa.Integer(), nullable=False, server_default="30")
    )
    op.add_column(
        "town", sa.Column("eid_providers", sa.JSON(), nullable=False, server_default="[]")
    )
    for name in ("assurance", "assurance_reason", "act"):
        op.add_column("procedure", sa.Column(name, sa.JSON(), nullable=False, server_default="{}"))

    op.create_table(
        "assurance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column(
            "method", one_of("method", "sms_code", "passkey", "clerk", "eid"), nullable=False
        ),
        sa.Column("level", a_level(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer()),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("text_version", sa.String(40), nullable=False),
        sa.Column("consent_way", a_way()),
        sa.Column("consented_at", sa.DateTime(timezone=True)),
        sa.Column("document_kind", one_of("documentkind", "dni", "nie", "passport", "other")),
        sa.Column("document_rule", one_of("documentrule", "nothing", "masked", "digest", "full")),
        sa.Column("document", sa.String(80), nullable=False),
        sa.Column("document_until", sa.Date()),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undone_by_id", sa.Integer()),
        sa.Column("undone_reason", sa.String(300), nullable=False),
        *of_town("assurance"),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL)", name="ck_assurance_undone"
        ),
        sa.CheckConstraint(
            "(document_until IS NULL) OR document_rule = 'full'", name="ck_assurance_until"
        ),
        key("assurance", "visit_id", "visit"),
        key("assurance", "by_id", "account"),
        key("assurance", "undone_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name="pk_assurance"),
        sa.UniqueConstraint("code", name="uq_assurance_code"),
    )
    for column in ("town_id", "visit_id", "document_until"):
        op.create_index(f"ix_assurance_{column}", "assurance", [column])

    op.create_table(
        "identity_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            one_of("checkstate", "asked", "agreed", "refused", "done", "stopped"),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("text_version", sa.String(40), nullable=False),
        sa.Column("text_digest", sa.String(80), nullable=False),
        sa.Column("consent_way", a_way()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        *of_town("identity_check"),
        key("identity_check", "visit_id", "visit"),
        key("identity_check", "by_id", "account"),
        sa.PrimaryKeyConstraint("id", name="pk_identity_check"),
        sa.UniqueConstraint("code", name="uq_identity_check_code"),
    )
    op.create_index("ix_identity_check_town_id", "identity_check", ["town_id"])
    op.create_index("ix_identity_check_visit_id", "identity_check", ["visit_id"])
    op.create_index(
        "uq_identity_check_open",
        "identity_check",
        ["visit_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('asked', 'agreed')"),
        postgresql_where=sa.text("state IN ('asked', 'agreed')"),
    )

    op.create_table(
        "left_to_clerk",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("moment", one_of("moment", "book", "enter", "act"), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        *of_town("left_to_clerk"),
        key("left_to_clerk", "visit_id", "visit"),
        sa.PrimaryKeyConstraint("visit_id", name="pk_left_to_clerk"),
    )
    op.create_index("ix_left_to_clerk_town_id", "left_to_clerk", ["town_id"])

    op.create_table(
        "act_done",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("level", a_level(), nullable=False),
        sa.Column("assurance_id", sa.Integer()),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        *of_town("act_done"),
        key("act_done", "visit_id", "visit"),
        key("act_done", "assurance_id", "assurance"),
        key("act_done", "by_id", "account"),
        sa.PrimaryKeyConstraint("visit_id", name="pk_act_done"),
    )
    op.create_index("ix_act_done_town_id", "act_done", ["town_id"])

    op.create_table(
        "authorised_clerk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date()),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("by_id", sa.Integer()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        *of_town("authorised_clerk"),
        sa.CheckConstraint(
            "last_day IS NULL OR first_day <= last_day", name="ck_authorised_clerk_order"
        ),
        key("authorised_clerk", "account_id", "account"),
        key("authorised_clerk", "by_id", "account"),
        sa.PrimaryKeyConstraint("id", name="pk_authorised_clerk"),
        sa.UniqueConstraint("code", name="uq_authorised_clerk_code"),
    )
    op.create_index("ix_authorised_clerk_town_id", "authorised_clerk", ["town_id"])
    op.create_index(
        "ix_authorised_clerk_town_account", "authorised_clerk", ["town_id", "account_id"]
    )

    op.create_table(
        "eid_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column(
            "state", one_of("attemptstate", "begun", "back", "named", "ended"), nullable=False
        ),
        sa.Column("state_digest", sa.String(64), nullable=False),
        sa.Column("browser_digest", sa.String(64), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("reads", sa.String(2), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claims", sa.JSON(), nullable=False),
        *of_town("eid_attempt"),
        key("eid_attempt", "visit_id", "visit"),
        sa.PrimaryKeyConstraint("id", name="pk_eid_attempt"),
        sa.UniqueConstraint("code", name="uq_eid_attempt_code"),
        sa.UniqueConstraint("state_digest", name="uq_eid_attempt_state_digest"),
    )
    for column in ("town_id", "visit_id", "expires_at"):
        op.create_index(f"ix_eid_attempt_{column}", "eid_attempt", [column])
    note_the_telephones()


def downgrade():
    for table in (
        "eid_attempt",
        "authorised_clerk",
        "act_done",
        "left_to_clerk",
        "identity_check",
        "assurance",
    ):
        op.drop_table(table)
    for name in ("act", "assurance_reason", "assurance"):
        op.drop_column("procedure", name)
    for name in ("eid_providers", "document_days", "document_rule"):
        op.drop_column("town", name)


def of_town(table):
    return (
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=f"fk_{table}_town_id_town"),
    )


def key(table, column, other):
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def one_of(name, *values):
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=16)


def a_level():
    return one_of("level", "none", "phone", "passkey", "checked", "eid")


def a_way():
    return one_of("consentway", "clicked", "spoken")


def note_the_telephones():
    """Staff who book for somebody send no code: those visits get no row."""
    register = op.get_bind()
    visits = register.execute(
        sa.text(
            "SELECT id, town_id, booked_at, phone FROM visit"
            " WHERE booked_at IS NOT NULL AND made_by_id IS NULL"
        )
    ).all()
    row = sa.text(
        "INSERT INTO assurance (code, visit_id, town_id, method, level, made_at, name, evidence,"
        " text_version, document, undone_reason)"
        " VALUES (:code, :visit, :town, 'sms_code', 'phone', :at, '', :evidence, '', '', '')"
    )
    for number, town, booked_at, phone in visits:
        code = "".join(secrets.choice(LETTERS) for _ in range(12))
        evidence = f'{{"number_ending": "{phone[-3:]}"}}'
        facts = {"code": code, "visit": number, "town": town, "at": booked_at}
        register.execute(row, {**facts, "evidence": evidence})
