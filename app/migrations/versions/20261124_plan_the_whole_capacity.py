"""plan the whole capacity: rules, pools, desks and booths, moved visits, waiting list, honest waits

Columns are added in place: a table that others point to is never copied. A reference is written
with its column, which both registers can do.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "3d5b7e90c1a4"
down_revision = "e7a2c95b3d60"

LETTERS = "23456789bcdfghjkmnpqrstvwxyz"


def upgrade():
    for column in (
        sa.Column("pool", sa.String(40)),
        sa.Column("region", sa.String(2)),
        number("visits_per_phone", 5),
        number("trade_minutes", 0),
        number("calls_before_no_show", 3),
        number("alarm_days", 7),
    ):
        op.add_column("town", column)
    op.create_index("ix_town_pool", "town", ["pool"])

    for column in (
        sa.Column("buffers", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("notice_minutes", sa.Integer()),
        sa.Column("horizon_days", sa.Integer()),
        number("same_day_percent", 0),
        number("staff_percent", 0),
        number("walk_in_percent", 0),
        number("more_time_percent", 50),
        number("interpreter_percent", 50),
        sa.Column("visits_per_phone", sa.Integer()),
        yes_or_no("takes_walk_ins", sa.true()),
        sa.Column("alarm_days", sa.Integer()),
    ):
        op.add_column("procedure", column)

    with op.batch_alter_table("closure") as closure:
        closure.drop_constraint("uq_closure_town_id_day", type_="unique")
        closure.add_column(sa.Column("office_id", sa.Integer()))
        closure.add_column(yes_or_no("is_open", sa.false()))
        closure.create_foreign_key("fk_closure_office_id_office", "office", ["office_id"], ["id"])
        closure.create_unique_constraint("uq_closure_office_id_day", ["office_id", "day"])
    op.create_index(
        "uq_closure_town_day",
        "closure",
        ["town_id", "day"],
        unique=True,
        sqlite_where=sa.text("office_id IS NULL"),
        postgresql_where=sa.text("office_id IS NULL"),
    )

    op.create_table(
        "season",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer()),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("is_yearly", sa.Boolean(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("reason", sa.String(120), nullable=False),
        *of_town("season"),
        sa.CheckConstraint("first_day <= last_day", name="ck_season_order"),
        sa.CheckConstraint("opens < closes", name="ck_season_hours"),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name="fk_season_office_id_office"),
        sa.PrimaryKeyConstraint("id", name="pk_season"),
    )
    op.create_index("ix_season_town_id", "season", ["town_id"])

    op.add_column("resource", sa.Column("code", sa.String(16)))
    reference("resource", "office_id", "office")
    op.add_column("resource", sa.Column("signs", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("resource", number("buffer_minutes", 0))
    op.add_column("resource", sa.Column("counter", sa.String(16)))
    op.add_column("resource", sa.Column("counter_at", sa.DateTime(timezone=True)))
    name_the_resources()
    op.create_index("ix_resource_code", "resource", ["code"], unique=True)

    op.create_table(
        "shift_exception",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts", sa.Time()),
        sa.Column("ends", sa.Time()),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("on_closed_days", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(120), nullable=False),
        *of_town("shift_exception"),
        sa.CheckConstraint("(starts IS NULL) = (ends IS NULL)", name="ck_shift_exception_hours"),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name="fk_shift_exception_resource_id_resource"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shift_exception"),
    )
    op.create_index("ix_shift_exception_town_id", "shift_exception", ["town_id"])
    op.create_index("ix_shift_exception_resource_day", "shift_exception", ["resource_id", "day"])

    op.add_column(
        "allocation", sa.Column("demand", sa.String(120), nullable=False, server_default="")
    )
    op.create_index("ix_allocation_ends_at", "allocation", ["ends_at"])

    op.create_table(
        "delay_measure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("days", sa.Integer()),
        sa.Column("limit_days", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        *of_town("delay_measure"),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name="fk_delay_measure_procedure_id_procedure"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_delay_measure"),
        sa.UniqueConstraint(
            "procedure_id", "channel", "day", name="uq_delay_measure_procedure_id_channel_day"
        ),
    )
    op.create_index("ix_delay_measure_town_id", "delay_measure", ["town_id"])
    op.create_index("ix_delay_measure_day", "delay_measure", ["day"])

    op.add_column("visit", yes_or_no("is_walk_in", sa.false()))
    op.add_column("visit", number("priority", 0))
    op.add_column("visit", number("calls", 0))
    op.add_column("visit", yes_or_no("wants_sms", sa.false()))
    op.add_column("visit", sa.Column("warned_at", sa.DateTime(timezone=True)))
    reference("visit", "booth_id", "resource")
    reference("visit", "asked_clerk_id", "resource")
    reference("visit", "made_by_id", "account")
    reference("visit", "follows_id", "visit")

    op.create_table(
        "visit_procedure",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *of_town("visit_procedure"),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name="fk_visit_procedure_visit_id_visit"
        ),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name="fk_visit_procedure_procedure_id_procedure"
        ),
        sa.PrimaryKeyConstraint("visit_id", "procedure_id", name="pk_visit_procedure"),
    )
    op.create_index("ix_visit_procedure_town_id", "visit_procedure", ["town_id"])

    op.create_table(
        "waitlist_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("state", a_state(), nullable=False),
        sa.Column("visit_id", sa.Integer()),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("channel", a_channel(), nullable=False),
        sa.Column("reads", sa.String(2), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("host", sa.String(260), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("offers", sa.Integer(), nullable=False),
        sa.Column("offered_starts_at", sa.DateTime(timezone=True)),
        sa.Column("offer_until", sa.DateTime(timezone=True)),
        sa.Column("passed_over", sa.JSON(), nullable=False),
        *of_town("waitlist_entry"),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name="fk_waitlist_entry_visit_id_visit"
        ),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name="fk_waitlist_entry_procedure_id_procedure"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_waitlist_entry"),
        sa.UniqueConstraint("code", name="uq_waitlist_entry_code"),
    )
    op.create_index("ix_waitlist_entry_town_id", "waitlist_entry", ["town_id"])
    op.create_index("ix_waitlist_entry_visit_id", "waitlist_entry", ["visit_id"])
    op.create_index("ix_waitlist_entry_phone", "waitlist_entry", ["phone"])
    op.create_index("ix_waitlist_entry_town_state", "waitlist_entry", ["town_id", "state"])

    op.create_table(
        "wait_estimate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ahead", sa.Integer(), nullable=False),
        sa.Column("clerks", sa.Integer(), nullable=False),
        sa.Column("shortest", sa.Integer()),
        sa.Column("longest", sa.Integer()),
        sa.Column("reason", sa.String(20), nullable=False),
        *of_town("wait_estimate"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_wait_estimate_visit_id_visit"),
        sa.PrimaryKeyConstraint("id", name="pk_wait_estimate"),
    )
    op.create_index("ix_wait_estimate_town_id", "wait_estimate", ["town_id"])
    op.create_index("ix_wait_estimate_visit_made", "wait_estimate", ["visit_id", "made_at"])

    op.create_table(
        "usual_length",
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("spread", sa.Double(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        *of_town("usual_length"),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name="fk_usual_length_procedure_id_procedure"
        ),
        sa.PrimaryKeyConstraint("procedure_id", "channel", name="pk_usual_length"),
    )
    op.create_index("ix_usual_length_town_id", "usual_length", ["town_id"])

    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        *of_town("calendar_feed"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_calendar_feed_account_id_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feed"),
        sa.UniqueConstraint("account_id", name="uq_calendar_feed_account_id"),
        sa.UniqueConstraint("digest", name="uq_calendar_feed_digest"),
    )
    op.create_index("ix_calendar_feed_town_id", "calendar_feed", ["town_id"])


def downgrade():
    for table in (
        "calendar_feed",
        "usual_length",
        "wait_estimate",
        "waitlist_entry",
        "visit_procedure",
        "delay_measure",
        "shift_exception",
        "season",
    ):
        op.drop_table(table)
    drop("visit", "follows_id", "made_by_id", "asked_clerk_id", "booth_id")
    drop("visit", "warned_at", "wants_sms", "calls", "priority", "is_walk_in")
    op.drop_index("ix_allocation_ends_at", "allocation")
    drop("allocation", "demand")
    op.drop_index("ix_resource_code", "resource")
    drop("resource", "counter_at", "counter", "buffer_minutes", "signs", "office_id", "code")
    op.drop_index("uq_closure_town_day", "closure")
    op.execute("DELETE FROM closure WHERE office_id IS NOT NULL OR is_open")
    with op.batch_alter_table("closure") as closure:
        closure.drop_constraint("uq_closure_office_id_day", type_="unique")
        closure.drop_constraint("fk_closure_office_id_office", type_="foreignkey")
        closure.drop_column("is_open")
        closure.drop_column("office_id")
        closure.create_unique_constraint("uq_closure_town_id_day", ["town_id", "day"])
    drop("procedure", "alarm_days", "takes_walk_ins", "visits_per_phone", "interpreter_percent")
    drop("procedure", "more_time_percent", "walk_in_percent", "staff_percent", "same_day_percent")
    drop("procedure", "horizon_days", "notice_minutes", "buffers")
    op.drop_index("ix_town_pool", "town")
    drop("town", "alarm_days", "calls_before_no_show", "trade_minutes", "visits_per_phone")
    drop("town", "region", "pool")


def number(name, default):
    return sa.Column(name, sa.Integer(), nullable=False, server_default=str(default))


def yes_or_no(name, default):
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=default)


def reference(table, column, other):
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}_{other}")
    op.add_column(table, sa.Column(column, sa.Integer(), key), inline_references=True)


def of_town(table):
    return (
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=f"fk_{table}_town_id_town"),
    )


def drop(table, *columns):
    for column in columns:
        op.drop_column(table, column)


def a_state():
    return sa.Enum(
        "unconfirmed",
        "open",
        "offered",
        "taken",
        "closed",
        name="waitliststate",
        native_enum=False,
        create_constraint=True,
        length=16,
    )


def a_channel():
    return sa.Enum(
        "video",
        "phone",
        "in_person",
        name="channel",
        native_enum=False,
        create_constraint=True,
        length=16,
    )


def name_the_resources():
    """Those that are here already get the code that new ones are born with."""
    register = op.get_bind()
    for (number,) in register.execute(sa.text("SELECT id FROM resource")).all():
        code = "".join(secrets.choice(LETTERS) for _ in range(12))
        register.execute(
            sa.text("UPDATE resource SET code = :code WHERE id = :id"), {"code": code, "id": number}
        )
