"""Blocked first, then destroyed: nothing is left that names anybody, and the figures stay."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from app.accounts import queries as accounts
from app.accounts import services as account_services
from app.accounts.models import Account, Role
from app.audit import services as audit
from app.audit.models import AuditEntry
from app.booking import services as booking
from app.booking.models import OVER, Status, Visit
from app.calls import services as calls
from app.calls.models import Part
from app.core import clock
from app.core.blocking import Personal, sees_blocked
from app.core.db import Base, db
from app.identity import services as identity
from app.insight import queries as insight
from app.insight.queries import By, Of, Span
from app.messaging import services as messaging
from app.messaging.models import Message
from app.privacy import jobs, queries, services
from app.privacy.errors import AlreadyBlocked, AlreadyDestroyed, NotYet, OnHold
from app.privacy.holdings import HOLDINGS, NOT_PERSONAL, Person
from app.privacy.models import Blocking, BlockReason, DayFigure, HoldReason, Kept, LegalHold
from app.privacy.services.asking import month_from
from app.privacy.terms import TERMS
from app.privacy.words import section_name
from app.towns.models import Town
from app.towns.tenant import every_town
from tests import town
from tests.insight.simulated import some_visits

NAME = "Remei Salabert"


@pytest.fixture(autouse=True)
def a_folder(app, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "instance_path", str(tmp_path))


@pytest.fixture
def place() -> Town:
    made = town.a_town()
    padron = town.a_procedure()
    town.a_clerk(padron)
    return made


def a_life(place: Town) -> Account:
    """Somebody with a visit that was served by video, one to come, a hold, a wish and codes."""
    padron = town.the_procedure("padron")
    wish = town.a_wish(place, padron)
    served = town.a_visit(wish, town.tomorrow_at(9), name=NAME)
    served.go(Status.WAITING)
    served.go(Status.CALLED)
    served.go(Status.IN_SERVICE)
    calls.join(served, Part.CITIZEN, NAME, camera=True, microphone=True)
    calls.join(served, Part.CLERK, "Ana Pi", camera=True, microphone=True)
    served.outcome, served.next_steps = f"{NAME} has her paper.", f"Call {town.PHONE}."
    served.go(Status.SERVED)
    ahead = town.a_visit(wish, town.tomorrow_at(11), name=NAME)
    booking.join(ahead)
    town.a_hold(wish, town.tomorrow_at(13), name=NAME)
    identity.send_code(town.PHONE, "data:x", identity.Asker("192.0.2.1", "x"))
    db.session.commit()
    messaging.deliver_due()
    person = accounts.citizen_of(town.PHONE)
    assert person
    return person


def whole_register() -> str:
    """Every text of every table, also of what is blocked."""
    told = []
    with every_town(), sees_blocked():
        for table in Base.metadata.sorted_tables:
            columns = [
                column
                for column in table.columns
                if isinstance(column.type, sa.String | sa.Text | sa.JSON | sa.LargeBinary)
            ]
            if columns:
                for row in db.session.execute(sa.select(*columns)):
                    told.append(f"{table.name} {tuple(row)}")
    return "\n".join(told)


def figures() -> list[dict[str, Any]]:
    columns = [column for column in DayFigure.__table__.columns if column.name != "id"]
    rows = db.session.execute(sa.select(*columns).order_by(DayFigure.status, DayFigure.day))
    return [dict(row) for row in rows.mappings()]


def destroyed(place: Town, person: Account) -> Blocking:
    blocked = services.block(person, place, BlockReason.ASKED)
    db.session.commit()
    messaging.deliver_due()
    services.block_late_messages()
    services.destroy(blocked, place, is_early=True)
    db.session.commit()
    return blocked


def test_after_destruction_no_table_holds_the_name_or_the_telephone(place):
    person = a_life(place)
    before = whole_register()
    for secret in (NAME, town.PHONE):
        assert before.count(secret) > 5

    blocked = destroyed(place, person)

    after = whole_register()
    for secret in (NAME, town.PHONE, "Salabert", "600123456"):
        assert secret not in after, [line for line in after.splitlines() if secret in line]
    assert blocked.is_destroyed
    assert blocked.destroyed["visits"] >= 2


def test_the_record_still_fits_and_its_line_is_the_proof(place):
    person = a_life(place)

    blocked = destroyed(place, person)

    assert audit.verify().is_whole
    line = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.digest == blocked.proof)).one()
    assert line.name == "PersonDestroyed"
    assert line.facts["blocking"] == "#" or line.facts["blocking"].startswith("#")


def test_the_figures_do_not_change(place):
    person = a_life(place)
    services.count_days(place, of_visits=db.session.scalars(sa.select(Visit.id)).all())
    before = [row for row in figures() if row["status"] == "served"]

    destroyed(place, person)

    assert [row for row in figures() if row["status"] == "served"] == before
    assert [(row["visits"], row["waits"], row["lengths"]) for row in before] == [(1, 1, 1)]


def test_visits_that_nobody_had_counted_are_counted_before_they_end(place):
    destroyed(place, a_life(place))

    statuses = {row["status"]: row["visits"] for row in figures()}
    assert statuses["served"] == 1
    assert statuses["cancelled"] == 1


def test_the_figures_of_the_office_outlive_the_visits_they_came_from(place):
    some_visits(random.Random(7), [town.a_procedure("volante")], 40)
    today = clock.today(place.time_zone)

    def told():
        span = Span(today - timedelta(days=60), today, By.MONTH, Of.PROCEDURE)
        # What people were told of their wait has a shorter term of its own.
        apart = {"capacity": None, "told_p50": None, "told_p90": None}
        rows = [row for row in insight.figures(place, span) if row.demand]
        return {(row.period, row.key): replace(row, **apart) for row in rows}

    before = told()
    for days in (1_000, 2_500):  # blocked, and then destroyed
        with time_machine.travel(clock.now() + timedelta(days=days)):
            jobs.run(place)

    assert db.session.scalars(sa.select(Visit).where(Visit.status.in_(OVER))).all() == []
    assert before
    assert told() == before


def test_a_figure_holds_no_number_of_anybody(place):
    destroyed(place, a_life(place))

    names = {column.name for column in DayFigure.__table__.columns}
    assert not [name for name in names if name.endswith("_id") and name != "town_id"]


def test_what_is_blocked_is_in_no_answer_of_any_model(place, statements):
    services.block(a_life(place), place, BlockReason.ASKED)
    models = [
        mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Personal)
    ]

    assert len(models) >= 5
    for model in models:
        statements.clear()
        db.session.execute(sa.select(sa.func.count()).select_from(model))
        assert f"{model.__tablename__}.blocked_at IS NULL" in statements[-1], model


def test_a_blocked_person_is_only_seen_with_a_reason_that_is_written_down(place):
    person = a_life(place)
    blocked = services.block(person, place, BlockReason.ASKED)

    held = services.look_at_blocked(blocked, HoldReason.COURT, "DP 12/2026")

    assert held["person"][0]["name"] == NAME
    assert {row["name"] for row in held["visits"]} == {NAME}
    entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert (entry.name, entry.facts["reason"]) == ("DataSeen", "court")
    assert entry.facts["reference"] == "DP 12/2026"


def test_codes_and_passkeys_are_destroyed_at_once(place):
    services.block(a_life(place), place, BlockReason.ASKED)

    with sees_blocked():
        held = queries.held_about(Person(1, town.PHONE))
    assert held["codes"] == held["passkeys"] == []


def test_it_is_blocked_for_as_long_as_the_term_says_and_then_ends_by_itself(place):
    blocked = services.block(a_life(place), place, BlockReason.ASKED)
    db.session.commit()
    with pytest.raises(NotYet):
        services.destroy(blocked, place)
    db.session.rollback()

    with time_machine.travel(clock.now() + timedelta(days=1094)):
        jobs.run(place)
        assert db.session.scalars(sa.select(Blocking.destroyed_at)).all() == [None]
    with time_machine.travel(clock.now() + timedelta(days=1097)):
        jobs.run(place)

    assert NAME not in whole_register()


def test_nothing_is_blocked_or_destroyed_twice(place):
    person = a_life(place)
    blocked = services.block(person, place, BlockReason.ASKED)
    with pytest.raises(AlreadyBlocked):
        services.block(person, place, BlockReason.ASKED)
    services.destroy(blocked, place, is_early=True)

    with pytest.raises(AlreadyDestroyed):
        services.destroy(blocked, place, is_early=True)
    with pytest.raises(AlreadyDestroyed):
        services.look_at_blocked(blocked, HoldReason.COURT, "DP 1/2026")


def test_what_a_judge_needs_is_not_destroyed_until_it_is_lifted(place):
    keeper = account_services.employ("Joan Pla", Role.ADMINISTRATOR, ["ca"])
    person = a_life(place)
    held = services.place_hold(person.id, keeper, HoldReason.COURT, "DP 1/2026")
    blocked = services.block(person, place, BlockReason.ASKED)
    db.session.commit()

    with pytest.raises(OnHold):
        services.destroy(blocked, place, is_early=True)
    db.session.rollback()
    with time_machine.travel(clock.now() + timedelta(days=5000)):
        jobs.run(place)
        assert NAME in whole_register()
        assert town.PHONE in whole_register()
        services.lift(
            db.session.get_one(LegalHold, held.id), db.session.get_one(Account, keeper.id)
        )
        db.session.commit()
        jobs.run(place)

    assert NAME not in whole_register()
    assert town.PHONE not in whole_register()


def test_a_number_is_never_given_twice(place):
    """The record speaks of people and visits by their numbers."""
    person = a_life(place)
    with sees_blocked():
        last = db.session.scalar(sa.select(sa.func.max(Visit.id)))
    person_id = person.id

    destroyed(place, person)
    visit = town.a_visit(
        town.a_wish(place, town.the_procedure("padron")), town.tomorrow_at(16), "+34600333222"
    )

    assert visit.id > last
    assert visit.citizen_id > person_id


def test_somebody_new_with_the_same_telephone_is_not_touched(place):
    blocked = services.block(a_life(place), place, BlockReason.ASKED)
    wish = town.a_wish(place, town.the_procedure("padron"))
    town.a_visit(wish, town.tomorrow_at(15), name="Another Person")
    services.block_late_messages()

    services.destroy(blocked, place, is_early=True)

    person = accounts.citizen_of(town.PHONE)
    assert person
    assert person.name == "Another Person"
    messages = db.session.scalars(sa.select(Message.key).where(Message.phone == town.PHONE)).all()
    assert [key for key in messages if key.endswith(":booked")]
    assert NAME not in whole_register()


def test_another_towns_citizen_with_the_same_telephone_is_not_touched(place):
    person = a_life(place)
    other = town.a_town("etxalde")
    account_services.know_citizen(town.PHONE, "ca", "Elsewhere")
    from app.towns.tenant import town_of

    with town_of(place.id):
        destroyed(place, person)
    with town_of(other.id):
        assert accounts.citizen_of(town.PHONE).name == "Elsewhere"


# --- terms ---------------------------------------------------------------------------------------


def test_every_kind_ends_when_its_term_is_over_and_the_report_says_so(place):
    a_life(place)

    with time_machine.travel(clock.now() + timedelta(days=400)):
        first = jobs.run(place)
        assert town.PHONE in whole_register(), "blocked, not destroyed"
    with time_machine.travel(clock.now() + timedelta(days=1600)):
        second = jobs.run(place)
        third = jobs.run(place)

    assert first["codes"] >= 1
    assert first["messages"] >= 1
    assert first["unconfirmed"] == 1
    assert first["blocked"] >= 1
    assert first["counted"] >= 1
    assert second["visits"] >= 1
    assert not [name for name in third if third[name] and name not in ("audit", "people")]
    runs = queries.last_runs()
    assert len(runs) == 2, "reports are kept for a year"
    assert runs[-1].report["visits"] == second["visits"]


def test_a_citizen_who_never_came_back_is_blocked_and_then_destroyed(place):
    a_life(place)

    for days in (400, 801, 1500, 2000, 2500):
        with time_machine.travel(clock.now() + timedelta(days=days)):
            close_what_is_over()
            jobs.run(place)

    assert NAME not in whole_register()
    assert town.PHONE not in whole_register()


def close_what_is_over() -> None:
    for visit in db.session.scalars(sa.select(Visit).where(Visit.status == Status.BOOKED)):
        visit.go(Status.NO_SHOW)
    db.session.commit()


def test_the_job_runs_once_a_night(place):
    with time_machine.travel(datetime(2026, 12, 1, 1, 0, tzinfo=UTC), tick=False) as hands:
        assert jobs.keep_to_the_terms() == 0, "two in the night on the town's clock"
        hands.shift(3 * 3600)
        assert jobs.keep_to_the_terms() == 1
        hands.shift(3600)
        assert jobs.keep_to_the_terms() == 0
        hands.shift(24 * 3600)
        assert jobs.keep_to_the_terms() == 1


def test_a_shorter_term_ends_things_sooner_and_is_written_down(place):
    a_life(place)
    services.change_term(Kept.CODES, 1)
    services.change_term(Kept.CODES, 1)
    db.session.commit()

    with time_machine.travel(clock.now() + timedelta(days=2)):
        assert jobs.run(place)["codes"] >= 1

    entries = db.session.scalars(
        sa.select(AuditEntry.facts).where(AuditEntry.name == "RetentionChanged")
    ).all()
    assert [(one["kind"], one["before"], one["days"]) for one in entries] == [("codes", 7, 1)]


@pytest.mark.parametrize("kind", Kept)
def test_no_term_is_outside_what_the_law_allows(place, kind):
    term = TERMS[kind]
    assert term.least <= term.days <= term.most
    for days in (term.least - 1, term.most + 1, 0, -5):
        with pytest.raises(ValueError, match="is kept from"):
            services.change_term(kind, days)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_terms_do_the_figures_stay_true(place, seed):
    """As many visits are in the figures as ever were over, whenever they were destroyed."""
    chance = random.Random(seed)
    wish = town.a_wish(place, town.the_procedure("padron"))
    many = chance.randint(1, 6)
    for number in range(many):
        visit = town.a_visit(wish, phone=f"+3460012000{number}", name=NAME)
        end = chance.choice([Status.SERVED, Status.CANCELLED, Status.NO_SHOW])
        if end is Status.SERVED:
            visit.go(Status.CALLED)
        visit.go(end)
        db.session.commit()
    services.change_term(Kept.VISITS, chance.randint(30, 1825))
    services.change_term(Kept.BLOCKED, chance.randint(365, 1825))
    db.session.commit()

    for days in sorted(chance.sample(range(1, 3600), 4)):
        with time_machine.travel(clock.now() + timedelta(days=days)):
            jobs.run(place)
        with sees_blocked():
            uncounted = db.session.scalar(
                sa.select(sa.func.count()).select_from(Visit).where(Visit.is_counted.is_(False))
            )
        assert sum(row["visits"] for row in figures()) + uncounted == many
    assert audit.verify().is_whole


# --- rules about the tables ----------------------------------------------------------------------


def test_every_table_is_somebodys_or_nobodys():
    """A new table decides: a line in HOLDINGS, or its name in NOT_PERSONAL."""
    known = {holding.model.__tablename__ for holding in HOLDINGS} | NOT_PERSONAL

    assert set(Base.metadata.tables) - known == set()


def test_a_telephone_and_a_name_of_a_citizen_stand_only_where_they_end():
    telling = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name in ("phone", "phone_number", "email")
    }

    known = {holding.model.__tablename__ for holding in HOLDINGS}
    assert telling - known == {"town", "office"}


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda holding: holding.name)
def test_what_is_shown_and_what_is_left_are_columns(holding):
    for name in (*holding.shown, *holding.left):
        assert hasattr(holding.model, name), name


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda holding: holding.name)
def test_the_sheet_says_what_is_held_in_words(app, holding):
    with app.test_request_context("/es/"):
        said = section_name(holding.name)

    assert said not in ("", holding.name)
    assert "_" not in said


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 12, 15), date(2027, 1, 15)),
        (date(2026, 3, 31), date(2026, 4, 30)),
    ],
)
def test_a_month_is_a_month(day, due):
    assert month_from(day) == due
