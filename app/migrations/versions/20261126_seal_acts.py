"""seal acts: what is sealed of a visit, each file that it has been, who signs, and what is stated"""

import sqlalchemy as sa
from alembic import op

revision = "e91b6c04d7f3"
down_revision = "4e9b7c20d5a6"

OPEN = sa.text("state IN ('written', 'read', 'agreed')")
GRADES = ("automatic", "clerk", "secretary")
STATES = ("written", "read", "agreed", "signed", "refused", "stopped")


def upgrade():
    of_town(
        "sealed_act",
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("csv", sa.String(40), nullable=False),
        sa.Column("identifier", sa.String(60), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("meeting", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", one_of("actstep", "asked", "fixed", "sealed"), nullable=False),
        sa.Column("grade", one_of("grade", *GRADES), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("replaces_id", sa.Integer()),
        sa.Column("reason", sa.String(20), nullable=False),
        instant("asked_at"),
        sa.Column("asked_by_id", sa.Integer()),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        instant("sealed_at", nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        instant("try_at"),
        sa.Column("problem", sa.String(300), nullable=False),
        sa.CheckConstraint("(step = 'asked') = (digest = '')", name=op.f("ck_sealed_act_digested")),
        sa.CheckConstraint(
            "(step = 'fixed') = (manifest <> '')", name=op.f("ck_sealed_act_written")
        ),
        sa.CheckConstraint(
            "(step = 'sealed') = (sealed_at IS NOT NULL)", name=op.f("ck_sealed_act_sealed")
        ),
        key("sealed_act", "visit_id", "visit"),
        key("sealed_act", "replaces_id", "sealed_act"),
        key("sealed_act", "asked_by_id", "account"),
        sa.UniqueConstraint("code", name="uq_sealed_act_code"),
        sa.UniqueConstraint("csv", name="uq_sealed_act_csv"),
        sa.UniqueConstraint("identifier", name="uq_sealed_act_identifier"),
        sa.UniqueConstraint("replaces_id", name="uq_sealed_act_replaces_id"),
        sa.UniqueConstraint("visit_id", "version", name="uq_sealed_act_visit_id_version"),
    )
    op.create_index("ix_sealed_act_visit_id", "sealed_act", ["visit_id"])
    op.create_index("ix_sealed_act_step_try", "sealed_act", ["step", "try_at"])
    of_town(
        "act_edition",
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        instant("made_at"),
        sa.Column("file", sa.String(16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sealed_by", sa.String(200), nullable=False),
        sa.Column("is_stamped", sa.Boolean(), nullable=False),
        sa.Column("is_qualified", sa.Boolean(), nullable=False),
        sa.Column("is_for_development", sa.Boolean(), nullable=False),
        sa.Column("stamped_by", sa.String(80), nullable=False),
        instant("good_until", nullable=True),
        sa.CheckConstraint("is_stamped OR NOT is_qualified", name=op.f("ck_act_edition_qualified")),
        key("act_edition", "act_id", "sealed_act"),
        sa.UniqueConstraint("act_id", "number", name="uq_act_edition_act_id_number"),
    )
    op.create_index("ix_act_edition_town_sha256", "act_edition", ["town_id", "sha256"])
    of_town(
        "act_signer",
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("grade", one_of("signergrade", *GRADES), nullable=False),
        sa.Column("post", sa.String(120), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date()),
        instant("made_at"),
        sa.Column("by_id", sa.Integer()),
        instant("ended_at", nullable=True),
        sa.CheckConstraint("grade <> 'automatic'", name=op.f("ck_act_signer_grade_of_people")),
        sa.CheckConstraint(
            "last_day IS NULL OR first_day <= last_day", name=op.f("ck_act_signer_order")
        ),
        key("act_signer", "account_id", "account"),
        key("act_signer", "by_id", "account"),
        sa.UniqueConstraint("code", name="uq_act_signer_code"),
        sa.UniqueConstraint(
            "town_id",
            "fingerprint",
            "first_day",
            name="uq_act_signer_town_id_fingerprint_first_day",
        ),
    )
    of_town(
        "act_signature",
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("made_id", sa.Integer(), nullable=False),
        sa.Column("signer_id", sa.Integer(), nullable=False),
        instant("given_at"),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        key("act_signature", "act_id", "sealed_act"),
        key("act_signature", "made_id", "sealed_act"),
        key("act_signature", "signer_id", "act_signer"),
        sa.UniqueConstraint("act_id", name="uq_act_signature_act_id"),
        sa.UniqueConstraint("made_id", name="uq_act_signature_made_id"),
    )
    of_town(
        "act_statement",
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("assurance_id", sa.Integer(), nullable=False),
        sa.Column("state", one_of("statementstate", *STATES), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("drafts", sa.JSON(), nullable=False),
        sa.Column("text_version", sa.String(40), nullable=False),
        sa.Column("text_digest", sa.String(64), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        instant("begun_at"),
        instant("read_at", nullable=True),
        instant("answered_at", nullable=True),
        instant("signed_at", nullable=True),
        sa.CheckConstraint(
            "(state = 'signed') = (signed_at IS NOT NULL)", name=op.f("ck_act_statement_signed")
        ),
        key("act_statement", "visit_id", "visit"),
        key("act_statement", "by_id", "account"),
        key("act_statement", "entry_id", "authorised_clerk"),
        key("act_statement", "assurance_id", "assurance"),
        sa.UniqueConstraint("code", name="uq_act_statement_code"),
    )
    op.create_index("ix_act_statement_visit_id", "act_statement", ["visit_id"])
    op.create_index(
        "uq_act_statement_open",
        "act_statement",
        ["visit_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade():
    for table in ("act_statement", "act_signature", "act_signer", "act_edition", "sealed_act"):
        op.drop_table(table)


def of_town(name, *columns):
    """A table of numbered rows that belong to a town."""
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("town_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=f"fk_{name}_town_id_town"),
    )
    op.create_index(f"ix_{name}_town_id", name, ["town_id"])


def instant(name, *, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def one_of(name, *values):
    return sa.Enum(*values, name=name, native_enum=False, length=16, create_constraint=True)


def key(table, column, other):
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
