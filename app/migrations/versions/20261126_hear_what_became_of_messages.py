"""hear what became of messages, read codes aloud, and stop codes that nobody types

A message written before has no name for the provider: nothing is told of it any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "5c0de5a1b2f7"
down_revision = "c83a5e1f9b04"


def upgrade():
    ways = sa.Enum("sms", "call", native_enum=False, length=16, name="way", create_constraint=True)
    deliveries = sa.Enum(
        *("accepted", "on_its_way", "handed_over", "delivered", "undelivered"),
        native_enum=False,
        length=16,
        name="delivery",
        create_constraint=True,
    )
    with op.batch_alter_table("message") as message:
        message.add_column(sa.Column("code", sa.String(16)))
        message.add_column(sa.Column("way", ways, nullable=False, server_default="sms"))
        message.add_column(sa.Column("delivery", deliveries))
        message.add_column(sa.Column("delivery_at", sa.DateTime(timezone=True)))
        message.create_unique_constraint(op.f("uq_message_code"), ["code"])
    with op.batch_alter_table("message") as message:
        message.alter_column("way", server_default=None)
    op.create_table(
        "code_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.Column("prefix", sa.String(20), nullable=False),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_code_alarm_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_code_alarm"),
    )
    op.create_index("ix_code_alarm_town_id", "code_alarm", ["town_id"])
    op.create_index("ix_code_alarm_until", "code_alarm", ["until", "prefix"])


def downgrade():
    op.drop_table("code_alarm")
    with op.batch_alter_table("message") as message:
        message.drop_constraint(op.f("uq_message_code"), type_="unique")
        message.drop_constraint(op.f("ck_message_delivery"), type_="check")
        message.drop_constraint(op.f("ck_message_way"), type_="check")
        for column in ("delivery_at", "delivery", "way", "code"):
            message.drop_column(column)
