"""identity: a recovery waits for a second person of the town hall"""

import sqlalchemy as sa
from alembic import op

revision = "c5d1e07f42ab"
down_revision = "9e3a6c15d8f2"


def upgrade():
    op.create_table(
        "recovery_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("seen", sa.String(length=20), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_recovery_check_town_id_town"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_recovery_check_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["account.id"], name="fk_recovery_check_asked_by_id_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_check"),
        sa.UniqueConstraint("code", name="uq_recovery_check_code"),
        sa.UniqueConstraint("account_id", name="uq_recovery_check_account_id"),
    )
    for column in ("town_id", "asked_by_id", "ends_at"):
        op.create_index(f"ix_recovery_check_{column}", "recovery_check", [column])


def downgrade():
    op.drop_table("recovery_check")
