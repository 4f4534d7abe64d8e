"""keep sessions in the register, name passkeys, and note when a telephone was last shown

Columns are added in place: a table that others point to is never copied.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "5c8e1f4a9b27"
down_revision = "5c0de5a1b2f7"

LETTERS = "23456789bcdfghjkmnpqrstvwxyz"


def upgrade():
    op.add_column("account", moment("phone_confirmed_at", nullable=True))
    op.add_column("account", moment("last_access_at", nullable=True))
    op.add_column("account", text("last_access_device", 40))
    op.drop_column("account", "session_epoch")
    op.add_column("invitation", yes_or_no("is_recovery"))
    op.add_column("passkey", text("name", 40))
    op.add_column("passkey", text("code", 16))
    give_codes()
    op.create_index("ix_passkey_code", "passkey", ["code"], unique=True)
    op.create_table(
        "open_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "citizen",
                "staff",
                "kiosk",
                name="sessionkind",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("account_id", sa.Integer()),
        sa.Column("passkey_id", sa.Integer()),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("device", sa.String(40), nullable=False),
        moment("started_at"),
        moment("seen_at"),
        moment("confirmed_at"),
        moment("ends_at"),
        moment("previous_at", nullable=True),
        sa.Column("previous_device", sa.String(40), nullable=False),
        moment("closed_at", nullable=True),
        sa.Column("was_refused", sa.Boolean(), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_open_session_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["passkey_id"], ["passkey.id"], name="fk_open_session_passkey_id_passkey"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_open_session_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_open_session"),
        sa.UniqueConstraint("digest", name="uq_open_session_digest"),
    )
    op.create_index("ix_open_session_account_id", "open_session", ["account_id"])
    op.create_index("ix_open_session_ends_at", "open_session", ["ends_at"])
    op.create_index("ix_open_session_town_id", "open_session", ["town_id"])
    op.create_table(
        "kept_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(400), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        moment("expires_at"),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_kept_answers_account_id_account"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_kept_answers_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_kept_answers"),
        sa.UniqueConstraint("code", name="uq_kept_answers_code"),
    )
    op.create_index("ix_kept_answers_account_id", "kept_answers", ["account_id"])
    op.create_index("ix_kept_answers_expires_at", "kept_answers", ["expires_at"])
    op.create_index("ix_kept_answers_town_id", "kept_answers", ["town_id"])


def downgrade():
    op.drop_table("kept_answers")
    op.drop_table("open_session")
    op.drop_index("ix_passkey_code", "passkey")
    op.drop_column("passkey", "code")
    op.drop_column("passkey", "name")
    op.drop_column("invitation", "is_recovery")
    op.add_column(
        "account", sa.Column("session_epoch", sa.Integer(), nullable=False, server_default="0")
    )
    op.drop_column("account", "last_access_device")
    op.drop_column("account", "last_access_at")
    op.drop_column("account", "phone_confirmed_at")


def give_codes():
    """Each passkey gets a public name that nobody can guess."""
    passkey = sa.table("passkey", sa.column("id", sa.Integer), sa.column("code", sa.String))
    connection = op.get_bind()
    for (key,) in connection.execute(sa.select(passkey.c.id)).all():
        code = "".join(secrets.choice(LETTERS) for _ in range(12))
        connection.execute(sa.update(passkey).where(passkey.c.id == key).values(code=code))


def moment(name, *, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def text(name, length):
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def yes_or_no(name):
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
