"""stamp the record: an address and two indexes in each line, stamps, cuts and checks beside them

Lines that are already written keep the digest they have, and how it was made.
"""

import sqlalchemy as sa
from alembic import op

revision = "c83a5e1f9b04"
down_revision = "b1f4d07c62e9"

INDEXES = {
    "ix_audit_entry_town_happened": "happened_at",
    "ix_audit_entry_town_name": "name",
    "ix_audit_entry_town_visit": "visit_id",
    "ix_audit_entry_town_account": "account_id",
    "ix_audit_entry_town_author": "author",
}


def upgrade():
    for column in (
        sa.Column("spelling", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("address", sa.String(32), nullable=False, server_default=""),
        sa.Column("visit_id", sa.Integer()),
        sa.Column("account_id", sa.Integer()),
    ):
        op.add_column("audit_entry", column)
    name_what_they_are_about()
    for name, column in INDEXES.items():
        op.create_index(name, "audit_entry", ["town_id", column])

    of_town(
        "audit_anchor",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.LargeBinary()),
        sa.Column("stamped_at", sa.DateTime(timezone=True)),
        sa.Column("authority", sa.String(80), nullable=False),
        sa.Column("is_qualified", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.String(300), nullable=False),
        sa.UniqueConstraint("town_id", "number", name="uq_audit_anchor_town_id_number"),
    )
    of_town(
        "audit_cut",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False),
    )
    of_town(
        "audit_check",
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("stamps", sa.Integer(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
    )


def downgrade():
    for table in ("audit_check", "audit_cut", "audit_anchor"):
        op.drop_index(f"ix_{table}_town_id", table)
        op.drop_table(table)
    for name in INDEXES:
        op.drop_index(name, "audit_entry")
    with op.batch_alter_table("audit_entry") as entry:
        for column in ("account_id", "visit_id", "address", "spelling"):
            entry.drop_column(column)


def name_what_they_are_about():
    entry = sa.table(
        "audit_entry",
        sa.column("id", sa.Integer()),
        sa.column("facts", sa.JSON()),
        sa.column("visit_id", sa.Integer()),
        sa.column("account_id", sa.Integer()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(entry.c.id, entry.c.facts)).all():
        about = {
            name: row.facts.get(name) if isinstance(row.facts.get(name), int) else None
            for name in ("visit_id", "account_id")
        }
        if any(about.values()):
            connection.execute(entry.update().where(entry.c.id == row.id).values(**about))


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
