"""let kiosks in: devices, who stands at them, and what they are asked to do"""

import sqlalchemy as sa
from alembic import op

revision = "e2897b65acd3"
down_revision = "e4b7c19d2f60"


def upgrade():
    op.create_table(
        "kiosk_hand_off",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number_digest", sa.String(length=64), nullable=False),
        sa.Column("stay_code", sa.String(length=16), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_kiosk_hand_off_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_kiosk_hand_off"),
        sa.UniqueConstraint("digest", name="uq_kiosk_hand_off_digest"),
    )
    op.create_index("ix_kiosk_hand_off_expires_at", "kiosk_hand_off", ["expires_at"])
    op.create_index("ix_kiosk_hand_off_number_digest", "kiosk_hand_off", ["number_digest"])
    op.create_index("ix_kiosk_hand_off_stay_code", "kiosk_hand_off", ["stay_code"])
    op.create_index("ix_kiosk_hand_off_town_id", "kiosk_hand_off", ["town_id"])

    op.create_table(
        "kiosk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("booth_id", sa.Integer(), nullable=True),
        sa.Column("procedure_id", sa.Integer(), nullable=True),
        sa.Column("librarian_phone", sa.String(length=20), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("test", sa.JSON(), nullable=False),
        sa.Column("silent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("out_of_service", sa.String(length=120), nullable=False),
        sa.Column("help_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["account.id"], name="fk_kiosk_approved_by_id_account"
        ),
        sa.ForeignKeyConstraint(["booth_id"], ["resource.id"], name="fk_kiosk_booth_id_resource"),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name="fk_kiosk_procedure_id_procedure"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_kiosk_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_kiosk"),
        sa.UniqueConstraint("booth_id", name="uq_kiosk_booth_id"),
        sa.UniqueConstraint("code", name="uq_kiosk_code"),
        sa.UniqueConstraint("key_digest", name="uq_kiosk_key_digest"),
    )
    op.create_index("ix_kiosk_town_id", "kiosk", ["town_id"])

    op.create_table(
        "kiosk_enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kiosk_id"], ["kiosk.id"], name="fk_kiosk_enrolment_kiosk_id_kiosk"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_kiosk_enrolment_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_kiosk_enrolment"),
        sa.UniqueConstraint("device_digest", name="uq_kiosk_enrolment_device_digest"),
    )
    op.create_index("ix_kiosk_enrolment_code_digest", "kiosk_enrolment", ["code_digest"])
    op.create_index("ix_kiosk_enrolment_expires_at", "kiosk_enrolment", ["expires_at"])
    op.create_index("ix_kiosk_enrolment_town_id", "kiosk_enrolment", ["town_id"])

    op.create_table(
        "kiosk_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), nullable=False),
        sa.Column("stay_code", sa.String(length=16), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "wipe",
                "scan",
                "print",
                "sound",
                "chime",
                "test",
                "restart",
                "reboot",
                name="orderkind",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosk.id"], name="fk_kiosk_order_kiosk_id_kiosk"),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_kiosk_order_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_kiosk_order"),
        sa.UniqueConstraint("code", name="uq_kiosk_order_code"),
    )
    op.create_index("ix_kiosk_order_open", "kiosk_order", ["kiosk_id", "done_at"])
    op.create_index("ix_kiosk_order_town_id", "kiosk_order", ["town_id"])

    op.create_table(
        "kiosk_stay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), nullable=False),
        sa.Column("session_code", sa.String(length=16), nullable=False),
        sa.Column("ticket_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaving_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("citizen_id", sa.Integer(), nullable=True),
        sa.Column("has_contrast", sa.Boolean(), nullable=False),
        sa.Column("is_low", sa.Boolean(), nullable=False),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("wiped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof", sa.JSON(), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["citizen_id"], ["account.id"], name="fk_kiosk_stay_citizen_id_account"
        ),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosk.id"], name="fk_kiosk_stay_kiosk_id_kiosk"),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_kiosk_stay_town_id_town"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_kiosk_stay_visit_id_visit"),
        sa.PrimaryKeyConstraint("id", name="pk_kiosk_stay"),
        sa.UniqueConstraint("code", name="uq_kiosk_stay_code"),
        sa.UniqueConstraint("ticket_digest", name="uq_kiosk_stay_ticket_digest"),
    )
    op.create_index("ix_kiosk_stay_kiosk_id", "kiosk_stay", ["kiosk_id"])
    op.create_index("ix_kiosk_stay_session_code", "kiosk_stay", ["session_code"])
    op.create_index("ix_kiosk_stay_town_id", "kiosk_stay", ["town_id"])
    op.create_index("ix_kiosk_stay_visit_id", "kiosk_stay", ["visit_id"])
    op.create_index(
        "uq_kiosk_stay_open",
        "kiosk_stay",
        ["kiosk_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade():
    op.drop_index("uq_kiosk_stay_open", table_name="kiosk_stay")
    op.drop_index("ix_kiosk_stay_visit_id", table_name="kiosk_stay")
    op.drop_index("ix_kiosk_stay_town_id", table_name="kiosk_stay")
    op.drop_index("ix_kiosk_stay_session_code", table_name="kiosk_stay")
    op.drop_index("ix_kiosk_stay_kiosk_id", table_name="kiosk_stay")

    op.drop_table("kiosk_stay")
    op.drop_index("ix_kiosk_order_town_id", table_name="kiosk_order")
    op.drop_index("ix_kiosk_order_open", table_name="kiosk_order")

    op.drop_table("kiosk_order")
    op.drop_index("ix_kiosk_enrolment_town_id", table_name="kiosk_enrolment")
    op.drop_index("ix_kiosk_enrolment_expires_at", table_name="kiosk_enrolment")
    op.drop_index("ix_kiosk_enrolment_code_digest", table_name="kiosk_enrolment")

    op.drop_table("kiosk_enrolment")
    op.drop_index("ix_kiosk_town_id", table_name="kiosk")

    op.drop_table("kiosk")
    op.drop_index("ix_kiosk_hand_off_town_id", table_name="kiosk_hand_off")
    op.drop_index("ix_kiosk_hand_off_stay_code", table_name="kiosk_hand_off")
    op.drop_index("ix_kiosk_hand_off_number_digest", table_name="kiosk_hand_off")
    op.drop_index("ix_kiosk_hand_off_expires_at", table_name="kiosk_hand_off")

    op.drop_table("kiosk_hand_off")
