"""block before destroying: blocked rows, terms, requests, holds, and the figures that survive"""

import sqlalchemy as sa
from alembic import op

revision = "d94b6f20e1c7"
down_revision = "a41c7d09e2b8"

PERSONAL = ("account", "visit", "waitlist_entry", "message", "participant", "assurance")
BEFORE = "role = 'citizen'"
AFTER = "role = 'citizen' AND blocked_at IS NULL"


def upgrade():
    for table in PERSONAL:
        op.add_column(table, sa.Column("blocked_at", sa.DateTime(timezone=True)))
    op.add_column(
        "visit", sa.Column("is_counted", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_visit_town_counted", "visit", ["town_id", "is_counted"])
    one_phone_where(AFTER)

    of_town(
        "retention_rule",
        sa.Column("kind", kept(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("ck_retention_rule_days")),
        sa.UniqueConstraint("town_id", "kind", name="uq_retention_rule_town_id_kind"),
    )
    of_town("retention_run", instant("made_at"), sa.Column("report", sa.JSON(), nullable=False))
    of_town(
        "data_request",
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column(
            "kind",
            choice("requestkind", "access", "correction", "erasure"),
            nullable=False,
        ),
        sa.Column(
            "state",
            choice("requeststate", "open", "done", "refused"),
            nullable=False,
        ),
        sa.Column("account_id", sa.Integer()),
        sa.Column("is_from_office", sa.Boolean(), nullable=False),
        instant("received_at"),
        sa.Column("due_on", sa.Date(), nullable=False),
        instant("closed_at", nullable=True),
        sa.Column("closed_by_id", sa.Integer()),
        to_account("data_request", "account_id"),
        to_account("data_request", "closed_by_id"),
        sa.UniqueConstraint("code", name="uq_data_request_code"),
    )
    op.create_index("ix_data_request_account_id", "data_request", ["account_id"])
    op.create_index(
        "ix_data_request_town_state_due", "data_request", ["town_id", "state", "due_on"]
    )
    of_town(
        "blocking",
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("person", sa.Integer(), nullable=False),
        sa.Column("reason", choice("blockreason", "asked", "term", "office"), nullable=False),
        instant("blocked_at"),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        instant("destroyed_at", nullable=True),
        sa.Column("destroyed", sa.JSON()),
        sa.Column("proof", sa.String(64), nullable=False),
        sa.UniqueConstraint("code", name="uq_blocking_code"),
    )
    op.create_index("ix_blocking_person", "blocking", ["person"])
    of_town(
        "legal_hold",
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("person", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            choice("holdreason", "court", "prosecutor", "authority", "claim"),
            nullable=False,
        ),
        sa.Column("reference", sa.String(40), nullable=False),
        instant("placed_at"),
        sa.Column("placed_by_id", sa.Integer(), nullable=False),
        instant("lifted_at", nullable=True),
        sa.Column("lifted_by_id", sa.Integer()),
        to_account("legal_hold", "placed_by_id"),
        to_account("legal_hold", "lifted_by_id"),
        sa.UniqueConstraint("code", name="uq_legal_hold_code"),
    )
    op.create_index("ix_legal_hold_person", "legal_hold", ["person"])
    of_town(
        "day_figure",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("procedure", sa.String(60), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("visits", "waits", "wait_seconds", "lengths", "length_seconds")
        ),
        sa.UniqueConstraint(
            *("town_id", "day", "procedure", "channel", "status"),
            name="uq_day_figure_town_id_day_procedure_channel_status",
        ),
    )


def downgrade():
    op.drop_index("ix_legal_hold_person", "legal_hold")
    op.drop_index("ix_blocking_person", "blocking")
    op.drop_index("ix_data_request_town_state_due", "data_request")
    op.drop_index("ix_data_request_account_id", "data_request")
    for table in (
        *("day_figure", "legal_hold", "blocking", "data_request"),
        *("retention_run", "retention_rule"),
    ):
        op.drop_index(f"ix_{table}_town_id", table)
        op.drop_table(table)
    forget_the_blocked()
    one_phone_where(BEFORE)
    op.drop_index("ix_visit_town_counted", "visit")
    op.drop_column("visit", "is_counted")
    for table in PERSONAL:
        op.drop_column(table, "blocked_at")


def forget_the_blocked():
    """Blocked people would be seen again, and two could have one telephone: they lose it."""
    account = sa.table("account", sa.column("phone"), sa.column("name"), sa.column("blocked_at"))
    op.execute(
        account.update().where(account.c.blocked_at.is_not(None)).values(phone=None, name="")
    )


def one_phone_where(rule):
    op.drop_index("uq_account_citizen_phone", "account")
    op.create_index(
        "uq_account_citizen_phone",
        "account",
        ["town_id", "phone"],
        unique=True,
        sqlite_where=sa.text(rule),
        postgresql_where=sa.text(rule),
    )


def kept():
    return choice(
        "kept",
        *("visits", "blocked", "unconfirmed", "waitlist", "messages"),
        *("codes", "waits", "requests", "audit", "statistics"),
    )


def choice(name, *words):
    return sa.Enum(*words, native_enum=False, length=16, create_constraint=True, name=name)


def instant(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def to_account(table, column):
    return sa.ForeignKeyConstraint([column], ["account.id"], name=f"fk_{table}_{column}_account")


def of_town(name, *columns):
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=f"fk_{name}_town_id_town"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_town_id", name, ["town_id"])
