"""remember what the test of a device found, and how each call went, without its content"""

import sqlalchemy as sa
from alembic import op

revision = "3d7e5a91c0b4"
down_revision = "5f0c8e2a91b7"


def upgrade():
    op.create_table(
        "device_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column(
            "camera",
            sa.Enum(
                "works",
                "silent",
                "refused",
                "busy",
                "missing",
                "unsupported",
                "insecure",
                "untested",
                name="camera",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column(
            "microphone",
            sa.Enum(
                "works",
                "silent",
                "refused",
                "busy",
                "missing",
                "unsupported",
                "insecure",
                "untested",
                name="microphone",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column(
            "loudspeaker",
            sa.Enum(
                "yes",
                "no",
                "untested",
                name="heard",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column(
            "way",
            sa.Enum(
                "relay",
                "server",
                "none",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("round_trip_ms", sa.Integer(), nullable=True),
        sa.Column("loss", sa.Double(), nullable=True),
        sa.Column("kbits", sa.Integer(), nullable=True),
        sa.Column("browser", sa.String(length=20), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kbits >= 0", name=op.f("ck_device_check_kbits")),
        sa.CheckConstraint("loss >= 0 AND loss <= 100", name=op.f("ck_device_check_loss")),
        sa.CheckConstraint("round_trip_ms >= 0", name=op.f("ck_device_check_round_trip_ms")),
        sa.ForeignKeyConstraint(
            ["town_id"], ["town.id"], name=op.f("fk_device_check_town_id_town")
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name=op.f("fk_device_check_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_check")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_device_check_visit_id")),
    )
    with op.batch_alter_table("device_check") as batch_op:
        batch_op.create_index(batch_op.f("ix_device_check_town_id"), ["town_id"], unique=False)

    op.create_table(
        "call_figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("picture_ms", sa.Integer(), nullable=True),
        sa.Column("sent_kbits", sa.Integer(), nullable=True),
        sa.Column("received_kbits", sa.Integer(), nullable=True),
        sa.Column("loss", sa.Double(), nullable=True),
        sa.Column("round_trip_ms", sa.Integer(), nullable=True),
        sa.Column("frames", sa.Double(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("mends", sa.Integer(), nullable=False),
        sa.Column("is_relayed", sa.Boolean(), nullable=True),
        sa.Column(
            "ending",
            sa.Enum(
                "ongoing",
                "hung_up",
                "ended",
                "replaced",
                "closed",
                "lost",
                name="ending",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_call_figures_participant_id_participant"),
        ),
        sa.ForeignKeyConstraint(
            ["town_id"], ["town.id"], name=op.f("fk_call_figures_town_id_town")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_figures")),
        sa.UniqueConstraint(
            "participant_id", "incarnation", name=op.f("uq_call_figures_participant_id_incarnation")
        ),
    )
    with op.batch_alter_table("call_figures") as batch_op:
        batch_op.create_index("ix_call_figures_began_at", ["began_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_figures_town_id"), ["town_id"], unique=False)


def downgrade():
    with op.batch_alter_table("call_figures") as batch_op:
        batch_op.drop_index(batch_op.f("ix_call_figures_town_id"))
        batch_op.drop_index("ix_call_figures_began_at")

    op.drop_table("call_figures")
    with op.batch_alter_table("device_check") as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_check_town_id"))

    op.drop_table("device_check")
