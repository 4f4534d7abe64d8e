"""SQLite is told how large its tables are, so that years of visits slow nobody down."""

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from app import create_app
from app.booking import queries
from app.booking.models import Visit
from app.core.db import db, transaction
from app.core.upkeep import jobs
from app.towns.tenant import every_town, town_of
from tests import town


@pytest.fixture
def house(tmp_path):
    """A register in a file of its own, with a town that has a visit."""
    address = f"sqlite:///{tmp_path}/sizes.db"
    made = create_app(TESTING=True, INSTANCE=str(tmp_path), DATABASE_URL=address)
    with made.app_context():
        upgrade()
        with every_town(), transaction():
            place = town.a_town()
            offered = town.a_procedure()
            town.a_clerk(offered)
            visit = town.a_visit(town.a_wish(place, offered), town.tomorrow_at(9))
        yield visit
        db.session.remove()
        db.engine.dispose()


def let_many_come(visit: Visit, count: int) -> None:
    table = Visit.__table__
    names = [column.name for column in table.columns if column.name != "id"]
    kept = {name: getattr(visit, name) for name in names}
    rows = [
        {**kept, "code": f"c{n}", "form_token": f"f{n}", "phone": f"+346{n:08d}"}
        for n in range(count)
    ]
    with every_town(), transaction():
        db.session.execute(sa.insert(table), rows)


def way_to_the_visits_of_a_telephone(visit: Visit) -> str:
    """The index that the register takes, as it says itself."""
    asked: list[tuple[str, object]] = []

    def note(connection, cursor, statement, parameters, context, many):
        asked.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    with town_of(visit.town_id):
        queries.to_come(visit.phone)
    sa.event.remove(db.engine, "before_cursor_execute", note)
    connection = db.session.connection()
    told = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + asked[-1][0], asked[-1][1])
    found = " ".join(row[3] for row in told)
    db.session.rollback()
    return found


def test_a_telephone_is_found_by_its_index_once_there_are_many_visits(house):
    with transaction():
        jobs.know_the_sizes()
    let_many_come(house, jobs.LARGE * 2)
    assert "ix_visit_phone" not in way_to_the_visits_of_a_telephone(house)  # it knows no better

    with transaction():
        jobs.know_the_sizes()

    assert "ix_visit_phone" in way_to_the_visits_of_a_telephone(house)
    tables = db.session.scalars(sa.text("SELECT DISTINCT tbl FROM sqlite_stat1")).all()
    assert set(tables) == {"visit"}  # of a small table nothing is believed
    assert "sizes_known" not in sa.inspect(db.engine).get_table_names()


def test_a_connection_that_was_there_before_knows_it_too(house):
    """A house runs for months, and its connections with it."""
    let_many_come(house, jobs.LARGE * 2)
    question = "EXPLAIN QUERY PLAN SELECT * FROM visit WHERE phone = '1' AND town_id = 1"
    with db.engine.connect() as before:
        assert "ix_visit_phone" not in before.exec_driver_sql(question).all()[0][3]
        before.rollback()
        with transaction():
            jobs.know_the_sizes()
            assert before.connection.driver_connection is not (
                db.session.connection().connection.driver_connection
            )
        before.exec_driver_sql("SELECT count(*) FROM town").all()  # as it goes on working

        asked_anew = question.replace("'1'", "'2'")  # the driver keeps what it asked before
        assert "ix_visit_phone" in before.exec_driver_sql(asked_anew).all()[0][3]
