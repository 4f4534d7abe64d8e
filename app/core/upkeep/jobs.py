"""What the register of one file is not told by itself."""

import sqlalchemy as sa

from app.core.db import db
from app.core.jobs import every
from app.core.upkeep.registers import kind

LARGE = 1_000  # rows; a smaller table is quick whatever way is taken through it
LOOKED_AT = 400  # rows of each index: enough for an estimate, and done at once


@every(6 * 3600)
def know_the_sizes() -> None:
    """Tell SQLite how many rows its indexes lead to; PostgreSQL finds out by itself.

    Of two indexes that fit, it otherwise takes one that leads to all visits of a town, where
    another leads to those of one telephone. A table is only told of once it is large: what is
    known of a small one would be believed for too long.
    """
    if kind() != "sqlite":
        return
    connection = db.session.connection()
    connection.execute(sa.text(f"PRAGMA analysis_limit = {LOOKED_AT}"))
    large = [table.name for table in db.metadata.sorted_tables if _is_large(connection, table)]
    for name in large:
        connection.execute(sa.text(f'ANALYZE "{name}"'))
    if large:
        # Other connections read again what is known when a table comes or goes, and only then.
        connection.execute(sa.text("CREATE TABLE sizes_known (here INTEGER)"))
        connection.execute(sa.text("DROP TABLE sizes_known"))


def _is_large(connection: sa.Connection, table: sa.Table) -> bool:
    question = sa.select(sa.literal(1)).select_from(table).offset(LARGE).limit(1)
    return connection.execute(question).first() is not None
