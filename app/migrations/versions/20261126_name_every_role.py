"""name every role: administrator, interpreter and kiosk beside citizen, clerk and supervisor

SQLite keeps the rule inside the text of the table. Copying a table that others point to is not
possible while their references are watched, so the text is changed in place, in the steps that
SQLite's own manual gives for a rule that changes no content ("ALTER TABLE", section 7).
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "b1f4d07c62e9"
down_revision = "3d5b7e90c1a4"

BEFORE = ("citizen", "clerk", "supervisor")
AFTER = (*BEFORE, "administrator", "interpreter", "kiosk")
RULE = re.compile(r"CONSTRAINT ck_account_role CHECK \(role IN \([^)]*\)\)")


def upgrade():
    allow(AFTER)


def downgrade():
    """Nobody keeps a role that no longer exists: those people stay, and may no longer enter."""
    account = sa.table("account", sa.column("role"), sa.column("is_active"))
    op.execute(
        account.update()
        .where(account.c.role.not_in(BEFORE))
        .values(role="clerk", is_active=sa.false())
    )
    allow(BEFORE)


def allow(roles):
    words = ", ".join(f"'{role}'" for role in roles)
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_account_role"), "account", type_="check")
        op.create_check_constraint(op.f("ck_account_role"), "account", f"role IN ({words})")
        return
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    written = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'account'"
    ).scalar()
    changed, found = RULE.subn(f"CONSTRAINT ck_account_role CHECK (role IN ({words}))", written)
    if found != 1:
        raise RuntimeError("the rule about roles is not where it was")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = 'account'", (changed,)
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
