"""How the register changes: one folder of small steps, each with its way back."""

from alembic import context
from flask import current_app

from app.core.db import Base, UtcDateTime

config = context.config


def render_item(kind, item, autogen_context):
    """Migrations must not import the application: our column type is a plain one there."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
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
