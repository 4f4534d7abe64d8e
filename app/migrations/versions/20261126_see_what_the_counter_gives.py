"""see what the counter gives: days of duty, changed ways, keys and news of other machines"""

import sqlalchemy as sa
from alembic import op

revision = "e4b7c19d2f60"
down_revision = "7c3b90e15af4"


def upgrade():
    op.create_table(
        "duty_day",
        number(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.JSON(), nullable=False)
            for name in ("by_channel", "languages", "procedures", "offices")
        ),
        *of_town("duty_day"),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name="fk_duty_day_resource_id_resource"
        ),
        sa.UniqueConstraint("resource_id", "day", name="uq_duty_day_resource_id_day"),
    )
    index("duty_day", "day", "town_id")
    op.create_table(
        "channel_change",
        number(),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        text("before", 16),
        text("after", 16),
        instant("made_at"),
        *of_town("channel_change"),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name="fk_channel_change_visit_id_visit"
        ),
    )
    index("channel_change", "visit_id", "town_id")
    op.create_table(
        "api_key",
        number(),
        text("code", 16),
        text("name", 80),
        sa.Column("scopes", sa.JSON(), nullable=False),
        text("salt", 64),
        instant("made_at"),
        instant("last_used_at", nullable=True),
        instant("ended_at", nullable=True),
        *of_town("api_key"),
        sa.UniqueConstraint("code", name="uq_api_key_code"),
    )
    index("api_key", "town_id")
    op.create_table(
        "api_nonce",
        number(),
        sa.Column("key_id", sa.Integer(), nullable=False),
        text("nonce", 64),
        instant("heard_at"),
        *of_town("api_nonce"),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_api_nonce_key_id_api_key"),
        sa.UniqueConstraint("key_id", "nonce", name="uq_api_nonce_key_id_nonce"),
    )
    index("api_nonce", "heard_at", "town_id")
    op.create_table(
        "webhook",
        number(),
        text("code", 16),
        text("address", 300),
        text("salt", 64),
        instant("made_at"),
        instant("ended_at", nullable=True),
        *of_town("webhook"),
        sa.UniqueConstraint("code", name="uq_webhook_code"),
    )
    index("webhook", "town_id")
    states = sa.Enum(
        "queued",
        "sending",
        "sent",
        "failed",
        "dropped",
        name="posted",
        native_enum=False,
        create_constraint=True,
        length=16,
    )
    op.create_table(
        "webhook_post",
        number(),
        text("code", 16),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        text("name", 60),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        instant("written_at"),
        instant("try_at"),
        instant("sent_at", nullable=True),
        text("problem", 200),
        *of_town("webhook_post"),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name="fk_webhook_post_webhook_id_webhook"
        ),
        sa.UniqueConstraint("code", name="uq_webhook_post_code"),
    )
    index("webhook_post", "webhook_id", "town_id")
    op.create_index("ix_webhook_post_due", "webhook_post", ["state", "try_at"])
    op.create_table(
        "setup_link",
        number(),
        text("digest", 64),
        instant("expires_at"),
        instant("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_setup_link"),
        sa.UniqueConstraint("digest", name="uq_setup_link_digest"),
    )


def downgrade():
    for table in (
        "setup_link",
        "webhook_post",
        "webhook",
        "api_nonce",
        "api_key",
        "channel_change",
        "duty_day",
    ):
        op.drop_table(table)


def number():
    return sa.Column("id", sa.Integer(), nullable=False)


def text(name, length):
    return sa.Column(name, sa.String(length), nullable=False)


def instant(name, *, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def index(table, *columns):
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])


def of_town(table):
    return (
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=f"fk_{table}_town_id_town"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
