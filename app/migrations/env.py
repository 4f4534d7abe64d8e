"""How the register changes: one folder of small steps, each with its way back.

On PostgreSQL people go on booking meanwhile. A step that has to wait for a table gives up soon,
because whoever asks for that table waits behind it, and is tried again: each is a transaction.
"""

import time

import sqlalchemy as sa
from alembic import context
from flask import current_app

from app.core.db import Base, UtcDateTime

config = context.config

PATIENCE_SECONDS = 2
# Several servers that start at once prepare the same register.
ONE_AT_A_TIME = sa.text("SELECT pg_advisory_lock(8270002)")
TRIES = 30


def render_item(kind, item, autogen_context):
    """Migrations must not import the application: our column type is a plain one there."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    for tries_left in reversed(range(TRIES)):
        try:
            return go_up_or_down(engine)
        except sa.exc.OperationalError as error:
            is_waiting = getattr(error.orig, "sqlstate", "") == "55P03"  # lock_not_available
            if not is_waiting or not tries_left:
                raise
            time.sleep(PATIENCE_SECONDS / 4)
    return None


def go_up_or_down(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.detach()  # what is set and locked here ends with it
            connection.execute(sa.text(f"SET lock_timeout = '{PATIENCE_SECONDS}s'"))
            connection.execute(ONE_AT_A_TIME)
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_item,
            render_as_batch=True,
            compare_type=False,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
