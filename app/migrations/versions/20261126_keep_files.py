"""keep files: envelopes with their keys, files, holds, who looked, and terms for each purpose"""

import sqlalchemy as sa
from alembic import op

revision = "d40c7a92e1b5"
down_revision = "7be2d4c1f806"

OPEN = sa.text("shredded_at IS NULL")


def upgrade():
    of_town(
        "envelope",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(60), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary()),
        instant("made_at"),
        instant("shredded_at", nullable=True),
        sa.CheckConstraint(
            "(shredded_at IS NULL) = (wrapped IS NOT NULL)", name=op.f("ck_envelope_shredded")
        ),
    )
    op.create_index("ix_envelope_key_id", "envelope", ["key_id"])
    op.create_index(
        "uq_envelope_town_owner",
        "envelope",
        ["town_id", "owner"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    of_town(
        "stored_file",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(60), nullable=False),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("envelope_id", sa.String(16), nullable=False),
        sa.Column("place", sa.String(120), nullable=False),
        sa.Column("sealed_size", sa.BigInteger(), nullable=False),
        sa.Column("sealed_sha256", sa.String(64), nullable=False),
        instant("kept_at"),
        instant("locked_until", nullable=True),
        instant("destroyed_at", nullable=True),
        instant("away_at", nullable=True),
        sa.Column("problem", sa.String(40), nullable=False),
        instant("blocked_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["envelope_id"], ["envelope.id"], name="fk_stored_file_envelope_id_envelope"
        ),
        sa.UniqueConstraint("place", name="uq_stored_file_place"),
    )
    op.create_index("ix_stored_file_envelope_id", "stored_file", ["envelope_id"])
    op.create_index("ix_stored_file_town_owner", "stored_file", ["town_id", "owner"])
    op.create_index("ix_stored_file_town_kept", "stored_file", ["town_id", "kept_at"])
    op.create_index("ix_stored_file_destroyed", "stored_file", ["destroyed_at", "away_at"])
    of_town(
        "file_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(60), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        instant("placed_at"),
        sa.Column("placed_by_id", sa.Integer()),
        instant("lifted_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["placed_by_id"], ["account.id"], name="fk_file_hold_placed_by_id_account"
        ),
        sa.UniqueConstraint("code", name="uq_file_hold_code"),
        sa.CheckConstraint(
            "reason IN ('court', 'prosecutor', 'authority', 'claim')",
            name=op.f("ck_file_hold_fileholdreason"),
        ),
    )
    op.create_index("ix_file_hold_town_owner", "file_hold", ["town_id", "owner"])
    of_town(
        "file_reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.String(16), nullable=False),
        sa.Column("reader", sa.String(40), nullable=False),
        sa.Column("why", sa.String(120), nullable=False),
        instant("read_at"),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name="fk_file_reading_file_id_stored_file"
        ),
    )
    op.create_index("ix_file_reading_file_id", "file_reading", ["file_id"])
    of_town(
        "file_term",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("blocked_days", sa.Integer(), nullable=False),
        sa.UniqueConstraint("town_id", "purpose", name="uq_file_term_town_id_purpose"),
        sa.CheckConstraint("days > 0 AND blocked_days >= 0", name=op.f("ck_file_term_days")),
    )


def downgrade():
    for table in ("file_term", "file_reading", "file_hold", "stored_file", "envelope"):
        op.drop_table(table)


def instant(name, *, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def of_town(name, *columns):
    op.create_table(
        name,
        sa.Column("town_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=f"fk_{name}_town_id_town"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_town_id", name, ["town_id"])
