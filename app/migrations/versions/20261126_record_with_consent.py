"""record with consent: segments, consents, pieces, gaps, files, and the ledger of a meeting"""

import sqlalchemy as sa
from alembic import op

revision = "c7d31e5f90ab"
down_revision = "e91b6c04d7f3"


def upgrade():
    op.create_table(
        "consent_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sentences", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name="fk_consent_text_procedure_id_procedure"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_consent_text_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_consent_text"),
        sa.UniqueConstraint(
            "procedure_id",
            "language",
            "version",
            name="uq_consent_text_procedure_id_language_version",
        ),
    )
    op.create_index("ix_consent_text_town_id", "consent_text", ["town_id"])

    op.create_table(
        "meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_meeting_town_id_town"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_meeting_visit_id_visit"),
        sa.PrimaryKeyConstraint("id", name="pk_meeting"),
        sa.UniqueConstraint("code", name="uq_meeting_code"),
        sa.UniqueConstraint("visit_id", name="uq_meeting_visit_id"),
    )
    op.create_index("ix_meeting_town_id", "meeting", ["town_id"])

    op.create_table(
        "segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "refused",
                "called_off",
                "recording",
                "paused",
                "closing",
                "kept",
                "lost",
                name="segmentstate",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("is_spoken", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column(
            "ended_by",
            sa.Enum(
                "clerk",
                "withdrawn",
                "call_over",
                "too_long",
                "silent",
                name="segmentend",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
        ),
        sa.Column("build", sa.String(length=40), nullable=False),
        sa.Column("browser", sa.String(length=40), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True)),
        sa.Column("is_alarmed", sa.Boolean(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True)),
        sa.Column("file", sa.String(length=16)),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("streams", sa.JSON(), nullable=False),
        sa.Column("tool", sa.String(length=80), nullable=False),
        sa.Column("parameters", sa.String(length=300), nullable=False),
        sa.Column("is_untouched", sa.Boolean()),
        sa.Column("packets", sa.JSON(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True)),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["account.id"], name="fk_segment_asked_by_id_account"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_segment_town_id_town"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_segment_visit_id_visit"),
        sa.PrimaryKeyConstraint("id", name="pk_segment"),
        sa.UniqueConstraint("code", name="uq_segment_code"),
        sa.UniqueConstraint("visit_id", "number", name="uq_segment_visit_id_number"),
    )
    op.create_index("ix_segment_town_id", "segment", ["town_id"])
    op.create_index("ix_segment_town_state", "segment", ["town_id", "state"])
    op.create_index("ix_segment_visit_id", "segment", ["visit_id"])
    op.create_index(
        "uq_segment_open",
        "segment",
        ["visit_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('asked', 'recording', 'paused')"),
        postgresql_where=sa.text("state IN ('asked', 'recording', 'paused')"),
    )

    op.create_table(
        "gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "identity_card",
                "asked",
                "newcomer",
                "withdrawn",
                "reload",
                "lost",
                name="gapreason",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("from_ms", sa.Integer(), nullable=False),
        sa.Column("until_ms", sa.Integer()),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name="fk_gap_segment_id_segment", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_gap_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_gap"),
    )
    op.create_index("ix_gap_segment_id", "gap", ["segment_id"])
    op.create_index("ix_gap_town_id", "gap", ["town_id"])

    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
            name="fk_ledger_entry_meeting_id_meeting",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_ledger_entry_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_entry"),
        sa.UniqueConstraint("meeting_id", "number", name="uq_ledger_entry_meeting_id_number"),
    )
    op.create_index("ix_ledger_entry_town_id", "ledger_entry", ["town_id"])

    op.create_table(
        "ledger_stamp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "start",
                "interval",
                "end",
                name="stampreason",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.LargeBinary()),
        sa.Column("stamped_at", sa.DateTime(timezone=True)),
        sa.Column("authority", sa.String(length=80), nullable=False),
        sa.Column("is_qualified", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
            name="fk_ledger_stamp_meeting_id_meeting",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_ledger_stamp_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_stamp"),
        sa.UniqueConstraint("meeting_id", "number", name="uq_ledger_stamp_meeting_id_number"),
    )
    op.create_index("ix_ledger_stamp_stamped_at_try_at", "ledger_stamp", ["stamped_at", "try_at"])
    op.create_index("ix_ledger_stamp_town_id", "ledger_stamp", ["town_id"])

    op.create_table(
        "take",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_offset_ms", sa.Integer(), nullable=False),
        sa.Column("end_clock_offset_ms", sa.Integer()),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer()),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("length_ms", sa.Integer(), nullable=False),
        sa.Column("original", sa.String(length=16)),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name="fk_take_segment_id_segment", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_take_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_take"),
        sa.UniqueConstraint("code", name="uq_take_code"),
        sa.UniqueConstraint("segment_id", "number", name="uq_take_segment_id_number"),
    )
    op.create_index("ix_take_segment_id", "take", ["segment_id"])
    op.create_index("ix_take_town_id", "take", ["town_id"])

    op.create_table(
        "viewing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_viewing_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name="fk_viewing_segment_id_segment", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_viewing_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_viewing"),
        sa.UniqueConstraint("code", name="uq_viewing_code"),
    )
    op.create_index("ix_viewing_segment_id", "viewing", ["segment_id"])
    op.create_index("ix_viewing_town_id", "viewing", ["town_id"])

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("text_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_given", sa.Boolean()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column(
            "way",
            sa.Enum(
                "clicked",
                "spoken",
                name="consentspoken",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
        ),
        sa.Column("spoken_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("blocked_at", sa.DateTime(timezone=True)),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name="fk_consent_participant_id_participant"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name="fk_consent_segment_id_segment", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["text_id"], ["consent_text.id"], name="fk_consent_text_id_consent_text"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_consent_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.UniqueConstraint("code", name="uq_consent_code"),
        sa.UniqueConstraint(
            "segment_id", "participant_id", name="uq_consent_segment_id_participant_id"
        ),
    )
    op.create_index("ix_consent_participant_id", "consent", ["participant_id"])
    op.create_index("ix_consent_segment_id", "consent", ["segment_id"])
    op.create_index("ix_consent_town_id", "consent", ["town_id"])

    op.create_table(
        "piece",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("take_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "media",
                "text",
                name="piecekind",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("starts_ms", sa.Integer(), nullable=False),
        sa.Column("length_ms", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.String(length=16)),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["take_id"], ["take.id"], name="fk_piece_take_id_take", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_piece_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_piece"),
        sa.UniqueConstraint("take_id", "number", name="uq_piece_take_id_number"),
    )
    op.create_index("ix_piece_town_id", "piece", ["town_id"])

    op.add_column(
        "procedure",
        sa.Column("recording_spoken", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade():
    op.drop_column("procedure", "recording_spoken")
    for table in (
        "piece",
        "consent",
        "viewing",
        "take",
        "ledger_stamp",
        "ledger_entry",
        "gap",
        "segment",
        "meeting",
        "consent_text",
    ):
        op.drop_table(table)
