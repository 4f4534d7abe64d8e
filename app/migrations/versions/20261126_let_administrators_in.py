"""let administrators in

The table of people is pointed to by many others and is never copied. SQLite keeps a constraint
as text of the table, which is written anew in place, as its own manual describes; no row changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "8c41e6d0a7f2"
down_revision = "3d5b7e90c1a4"

BEFORE = "('citizen', 'clerk', 'supervisor')"
AFTER = "('citizen', 'clerk', 'supervisor', 'administrator')"


def upgrade():
    allow(BEFORE, AFTER)


def downgrade():
    op.execute("UPDATE account SET role = 'supervisor' WHERE role = 'administrator'")
    allow(AFTER, BEFORE)


def allow(before, after):
    if op.get_bind().dialect.name == "sqlite":
        rewrite(before, after)
        return
    op.drop_constraint(op.f("ck_account_role"), "account", type_="check")
    op.create_check_constraint(op.f("ck_account_role"), "account", f"role IN {after}")


def rewrite(before, after):
    register = op.get_bind()
    version = register.scalar(sa.text("PRAGMA schema_version"))
    register.execute(sa.text("PRAGMA writable_schema = ON"))
    register.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :before, :after)"
            " WHERE type = 'table' AND name = 'account'"
        ),
        {"before": f"role IN {before}", "after": f"role IN {after}"},
    )
    register.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    register.execute(sa.text("PRAGMA writable_schema = OFF"))
