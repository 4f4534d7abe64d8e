"""A rule changes and visits stand in its way: each is given, moved, cancelled or kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from app.accounts import services as accounts
from app.audit.models import AuditEntry
from app.booking import queries as booking
from app.booking.models import Status
from app.core.db import db
from app.messaging.models import Message
from app.office import queries, services
from app.office.errors import OfferOver
from app.office.queries import Action
from app.office.services import Answer, MustDecide, changes
from app.schedule import queries as schedule
from app.schedule import services as rules
from app.schedule.models import Allocation, Resource, ResourceKind
from app.schedule.queries import Why
from app.towns import services as towns
from app.towns.models import Office, Town
from app.towns.tenant import speak_for
from tests import town

MONDAY = date(2026, 11, 30)
TUESDAY = MONDAY + timedelta(days=1)
MORNING = (time(9), time(14))
MADRID = Town(time_zone="Europe/Madrid").zone
NOW = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    """Eight o'clock of a Monday morning on the peninsula."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def place():
    return town.a_town(region="CT", horizon_days=60)


@pytest.fixture
def padron(place):
    return town.a_procedure()


@pytest.fixture
def ana(padron):
    return town.counter_of(town.a_clerk(padron, hours=MORNING))


@pytest.fixture
def visit(place, padron, ana):
    return town.a_visit(town.a_wish(place, padron), at(10))


def joan(padron, **more):
    return town.counter_of(town.a_clerk(padron, name="Joan Serra", **{"hours": MORNING, **more}))


def at(hour, minute=0, day=TUESDAY):
    return datetime.combine(day, time(hour, minute), MADRID).astimezone(UTC)


def away(person, begin=9, end=14, day=TUESDAY):
    return lambda: rules.absent(person, at(begin, day=day), at(end, day=day), "Metge")


def shown(place, change):
    """What the page shows before anything is done."""
    with pytest.raises(MustDecide) as decision:
        services.make(place, change)
    return decision.value.look


def decided(look, *actions, for_all=None):
    codes = [promise.visit.code for promise in look.promises]
    return Answer(look.mark, dict(zip(codes, actions, strict=False)), for_all)


def names(look):
    return [[action.value for action in promise.actions] for promise in look.promises]


def audited(name):
    question = sa.select(AuditEntry).where(AuditEntry.name == name)
    return [row.facts for row in db.session.scalars(question)]


def last_sms(phone=town.PHONE):
    return town.sent_to(phone)[-1]


def test_nothing_in_the_way_is_done_at_once(place, padron, ana):
    look = services.make(place, away(ana))

    assert look.is_harmless
    assert len(schedule.absences_of(ana.id)) == 1


def test_before_anybody_decides_nothing_is_done_and_nobody_is_told(place, padron, ana, visit):
    before = len(town.sent_to(town.PHONE))

    look = shown(place, away(ana))

    (promise,) = look.promises
    assert (promise.visit.code, promise.why, promise.without) == (visit.code, Why.AWAY, "Ana Pi")
    assert schedule.absences_of(ana.id) == []
    assert len(town.sent_to(town.PHONE)) == before
    assert audited("RuleChanged") == []


def test_looking_leaves_no_row_behind(place, padron, ana, visit):
    joan(padron)
    before = [db.session.scalar(sa.select(sa.func.count(row.id))) for row in (Allocation, Message)]

    shown(place, away(ana))

    after = [db.session.scalar(sa.select(sa.func.count(row.id))) for row in (Allocation, Message)]
    assert after == before


def test_a_visit_is_given_to_who_is_free_at_its_time_and_its_citizen_hears_nothing(
    place, padron, ana, visit
):
    colleague = joan(padron)
    messages = len(town.sent_to(town.PHONE))
    look = shown(place, away(ana))
    assert names(look) == [["give", "move", "cancel", "keep"]]
    assert look.promises[0].offer.give_name == "Joan Serra"

    services.make(place, away(ana), decided(look, Action.GIVE))

    assert (visit.clerk_id, visit.starts_at) == (colleague.id, at(10))
    assert schedule.broken_promises(place) == []
    assert len(town.sent_to(town.PHONE)) == messages
    assert audited("VisitGiven")[0]["clerk_id"] == colleague.id
    assert audited("RuleChanged")[0]["rule"] == "absence_added"


def test_who_is_given_a_visit_may_hand_it_on_later(place, padron, ana, visit):
    joan(padron)
    look = shown(place, away(ana))
    services.make(place, away(ana), decided(look, Action.GIVE))

    (taken,) = schedule.allocations_of(visit.code)

    assert taken.demand == schedule.clerk_demand("video", "ca", [padron.id])


def test_a_visit_is_moved_to_the_nearest_time_and_its_citizen_is_told(place, padron, ana, visit):
    look = shown(place, away(ana))
    (promise,) = look.promises
    assert names(look) == [["move", "cancel", "keep"]]
    assert promise.best is Action.MOVE

    services.make(place, away(ana), decided(look, Action.MOVE))

    assert visit.starts_at == promise.offer.move_to == at(13, 40, MONDAY)
    assert schedule.broken_promises(place) == []
    assert "dilluns 30 de novembre" in last_sms()
    assert f"/visits/{visit.code}" in last_sms()
    assert audited("VisitTimeChanged")[0]["by"] == "office"


def test_a_visit_is_cancelled_by_the_office_and_its_citizen_is_told(place, padron, ana, visit):
    look = shown(place, away(ana))

    services.make(place, away(ana), decided(look, Action.CANCEL))

    assert (visit.status, visit.ended_by) == (Status.CANCELLED, "office")
    assert place.phone in last_sms()
    assert schedule.broken_promises(place) == []


def test_a_visit_that_is_kept_stays_on_the_list_and_the_decision_is_written_down(
    place, padron, ana, visit
):
    look = shown(place, away(ana))

    services.make(place, away(ana), decided(look, Action.KEEP))

    assert (visit.status, visit.starts_at) == (Status.BOOKED, at(10))
    assert [promise.visit.code for promise in queries.broken_now(place)] == [visit.code]
    assert audited("PromiseLeft") == [{"town_id": place.id, "visit_id": visit.id, "why": "away"}]


def test_without_a_word_about_it_a_visit_is_kept(place, padron, ana, visit):
    look = shown(place, away(ana))

    services.make(place, away(ana), Answer(look.mark, {}))

    assert visit.status is Status.BOOKED
    assert len(queries.broken_now(place)) == 1


def test_what_was_not_offered_is_not_done(place, padron, ana, visit):
    look = shown(place, away(ana))
    assert Action.GIVE not in look.promises[0].actions

    services.make(place, away(ana), decided(look, Action.GIVE))

    assert (visit.clerk_id, visit.status) == (ana.id, Status.BOOKED)
    assert len(audited("PromiseLeft")) == 1


def test_two_visits_are_never_offered_the_same_clerk_or_the_same_time(place, padron, ana):
    pau = town.counter_of(town.a_clerk(padron, name="Pau Roca", hours=MORNING))
    wish = town.a_wish(place, padron)
    for number in range(2):
        town.a_visit(wish, at(10), phone=f"+3460000000{number}")
    joan(padron)

    def both_away():
        away(ana)()
        away(pau)()

    look = shown(place, both_away)

    gives = [promise.offer.give_to for promise in look.promises]
    moves = [promise.offer.move_to for promise in look.promises]
    assert sorted(gives, key=bool)[0] is None
    assert len([one for one in gives if one]) == 1
    assert len(set(moves)) == 2


@pytest.mark.parametrize("first", list(Action))
@pytest.mark.parametrize("second", list(Action))
def test_any_choice_among_the_offers_can_be_made(place, padron, ana, first, second):
    wish = town.a_wish(place, padron)
    early = town.a_visit(wish, at(10), phone="+34600000001")
    late = town.a_visit(wish, at(11), phone="+34600000002")
    joan(padron)
    look = shown(place, away(ana))
    assert names(look) == [["give", "move", "cancel", "keep"]] * 2

    services.make(place, away(ana), decided(look, first, second))

    expected = {early.code: first, late.code: second}
    for promise in look.promises:
        visit, action = promise.visit, expected[promise.visit.code]
        assert (visit.status is Status.CANCELLED) == (action is Action.CANCEL)
        if action is Action.MOVE:
            assert visit.starts_at == promise.offer.move_to
        if action is Action.GIVE:
            assert visit.clerk_id == promise.offer.give_to
    kept = {promise.visit.code for promise in queries.broken_now(place)}
    assert kept == {code for code, action in expected.items() if action is Action.KEEP}


@pytest.mark.parametrize(
    ("for_all", "left"),
    [(Action.CANCEL, 0), (Action.MOVE, 0), (Action.GIVE, 1), (Action.KEEP, 2)],
)
def test_one_decision_for_all_at_once(place, padron, ana, for_all, left):
    wish = town.a_wish(place, padron)
    for hour in (10, 11):
        town.a_visit(wish, at(hour), phone=f"+346000000{hour}")
    joan(padron, hours=(time(9), time(10, 30)))  # has time for the first alone
    look = shown(place, away(ana))

    services.make(place, away(ana), decided(look, for_all=for_all))

    assert len(queries.broken_now(place)) == left


def test_whoever_books_meanwhile_is_shown_before_anything_is_done(place, padron, ana, visit):
    look = shown(place, away(ana))
    town.a_visit(town.a_wish(place, padron), at(11), phone="+34600000002")

    with pytest.raises(MustDecide) as decision:
        services.make(place, away(ana), decided(look, Action.CANCEL))

    assert decision.value.is_news
    assert len(decision.value.look.promises) == 2
    assert (visit.status, schedule.absences_of(ana.id)) == (Status.BOOKED, [])


def test_a_time_that_was_offered_and_is_gone_is_not_given_unseen(place, padron, ana, visit):
    look = shown(place, away(ana))
    offered = look.promises[0].offer.move_to
    town.a_visit(town.a_wish(place, padron), offered, phone="+34600000002")

    with pytest.raises(MustDecide) as decision:
        services.make(place, away(ana), decided(look, Action.MOVE))

    assert decision.value.is_news
    assert decision.value.look.promises[0].offer.move_to not in (None, offered)
    assert visit.starts_at == at(10)


def test_what_the_citizen_does_meanwhile_counts(place, padron, ana, visit):
    look = shown(place, away(ana))
    town.booking.cancel(visit, "citizen")

    services.make(place, away(ana), decided(look, Action.MOVE))  # now there is nothing in the way

    assert visit.status is Status.CANCELLED
    assert len(schedule.absences_of(ana.id)) == 1


def a_closed_day(place, visit, ana):
    return lambda: towns.set_day(TUESDAY, "Fira", office=None, today=MONDAY)


def a_closed_office(place, visit, ana):
    office = db.session.get_one(Office, visit.procedure.office_id)
    return lambda: towns.set_day(TUESDAY, "Obres", office=office, today=MONDAY)


def shorter_hours(place, visit, ana):
    return lambda: towns.add_season(
        MONDAY, TUESDAY, time(11), time(14), reason="", is_yearly=False, office=None
    )


def a_day_off(place, visit, ana):
    return lambda: rules.set_day(ana, TUESDAY, [], "", today=MONDAY)


def other_hours(place, visit, ana):
    late = rules.Hours(time(11), time(14), ("video",))
    return lambda: rules.set_day(ana, TUESDAY, [late], "", today=MONDAY)


def fewer_channels(place, visit, ana):
    shift = schedule.shifts_of(ana.id)[1]
    hours = rules.Hours(*MORNING, ("phone",))
    return lambda: rules.change_shift(shift, 1, hours)


def no_shift(place, visit, ana):
    shift = schedule.shifts_of(ana.id)[1]
    return lambda: rules.forget_shift(shift)


def no_skill(place, visit, ana):
    return lambda: rules.set_skills(ana, [])


def no_language(place, visit, ana):
    return lambda: accounts.speak(ana.account, ["es"])


def gone(place, visit, ana):
    return lambda: rules.change_resource(ana, is_active=False)


def an_absence(place, visit, ana):
    return away(ana)


CHANGES: list[tuple[Callable, Why]] = [
    (a_closed_day, Why.CLOSED),
    (a_closed_office, Why.CLOSED),
    (shorter_hours, Why.DUTY),
    (a_day_off, Why.DUTY),
    (other_hours, Why.DUTY),
    (fewer_channels, Why.DUTY),
    (no_shift, Why.DUTY),
    (no_skill, Why.SKILL),
    (no_language, Why.SKILL),
    (gone, Why.INACTIVE),
    (an_absence, Why.AWAY),
]


@pytest.mark.parametrize(("kind", "why"), CHANGES, ids=lambda one: getattr(one, "__name__", one))
def test_every_kind_of_rule_says_what_it_breaks_and_the_visit_finds_a_place(
    place, padron, ana, visit, kind, why
):
    joan(padron)
    change = kind(place, visit, ana)
    look = shown(place, change)
    (promise,) = look.promises
    assert (promise.visit.code, promise.why) == (visit.code, why)

    services.make(place, change, decided(look, promise.best))

    assert schedule.broken_promises(place) == []
    assert visit.status is Status.BOOKED


@pytest.mark.parametrize("action", [Action.CANCEL, Action.KEEP])
@pytest.mark.parametrize(("kind", "why"), CHANGES, ids=lambda one: getattr(one, "__name__", one))
def test_every_kind_of_rule_can_be_made_and_the_visit_cancelled_or_kept(
    place, padron, ana, visit, kind, why, action
):
    change = kind(place, visit, ana)
    look = shown(place, change)

    services.make(place, change, decided(look, action))

    assert visit.status is (Status.CANCELLED if action is Action.CANCEL else Status.BOOKED)
    assert len(queries.broken_now(place)) == (action is Action.KEEP)
    assert len(audited("RuleChanged")) == 1


def test_the_holidays_of_another_region_are_looked_at_too(place, padron, ana):
    visit = town.a_visit(town.a_wish(place, padron), at(10, day=date(2027, 1, 5)))
    services.make(place, lambda: towns.change_town(place, region="MD"))

    look = shown(place, lambda: towns.set_day(date(2027, 1, 5), "Fira", office=None, today=MONDAY))

    assert [promise.visit.code for promise in look.promises] == [visit.code]


def test_a_visit_that_asked_for_its_clerk_is_given_to_nobody_else(place, padron, ana):
    joan(padron)
    wish = booking.wish_for(place, padron, "video", "ca", clerk_id=ana.id)
    town.a_visit(wish, at(10))

    look = shown(place, away(ana))

    assert names(look) == [["move", "cancel", "keep"]]


def test_nobody_is_given_a_visit_in_a_language_they_do_not_speak(place, padron, ana, visit):
    joan(padron, languages=("es",))

    assert names(shown(place, away(ana))) == [["move", "cancel", "keep"]]


def test_when_nobody_speaks_the_language_any_more_only_the_hard_choices_are_left(
    place, padron, ana, visit
):
    joan(padron, languages=("es",))

    look = shown(place, no_skill(place, visit, ana))

    assert names(look) == [["cancel", "keep"]]
    assert look.promises[0].best is Action.KEEP


def test_nobody_is_moved_to_a_time_that_no_message_would_precede(place, padron, ana, clock):
    visit = town.a_visit(town.a_wish(place, padron), at(9, 30, MONDAY))
    clock.move_to(at(9, 5, MONDAY))

    look = shown(place, late_today(ana))

    (promise,) = look.promises
    assert promise.visit.code == visit.code
    assert promise.offer.move_to >= at(11, 5, MONDAY)


def late_today(ana):
    late = rules.Hours(time(10), time(14), ("video",))
    return lambda: rules.set_day(ana, MONDAY, [late], "", today=MONDAY)


def test_a_procedure_that_nobody_would_attend_is_said_before(place, padron, ana):
    look = shown(place, lambda: rules.set_skills(ana, []))

    assert [(one.slug, one.channel.value) for one in look.unattended] == [
        ("padron", "video"),
        ("padron", "phone"),
        ("padron", "in_person"),
    ]
    services.make(place, lambda: rules.set_skills(ana, []), Answer(look.mark, {}))
    assert schedule.skills_of(ana.id) == set()


def test_people_who_are_booking_right_now_are_counted_and_not_named(place, padron, ana, visit):
    town.a_hold(town.a_wish(place, padron), at(11), phone="+34600000002")

    look = shown(place, away(ana))

    assert (len(look.promises), look.holds) == (1, 1)


def test_a_hold_that_becomes_a_visit_is_on_the_list(place, padron, ana):
    held = town.a_hold(town.a_wish(place, padron), at(11))
    services.make(place, away(ana))

    town.booking.book(held)

    assert [promise.visit.code for promise in queries.broken_now(place)] == [held.code]


def test_a_desk_is_put_away_and_the_visit_finds_another(place, padron, ana):
    first, second = (
        Resource(kind=ResourceKind.DESK, name=name, office_id=padron.office_id)
        for name in ("Taula 1", "Taula 2")
    )
    db.session.add_all([first, second])
    db.session.flush()
    visit = town.a_visit(town.a_wish(place, padron, "in_person"), at(10))
    desk = next(one for one in schedule.allocations_of(visit.code) if one.resource_id != ana.id)
    used = db.session.get_one(Resource, desk.resource_id)

    def put_away():
        rules.change_resource(used, is_active=False)

    look = shown(place, put_away)
    services.make(place, put_away, decided(look, Action.GIVE))

    assert look.promises[0].without == used.name
    assert visit.clerk_id == ana.id
    assert schedule.broken_promises(place) == []


def test_an_interpreter_is_away_and_the_visit_waits_for_them(place, padron, ana):
    signer = Resource(kind=ResourceKind.INTERPRETER, name="Iris", signs=["lsc"])
    db.session.add(signer)
    db.session.flush()
    rules.add_shifts(signer, range(7), rules.Hours(*MORNING, ("video",)))
    wish = booking.wish_for(place, padron, "video", "ca", ["lsc"])
    visit = town.a_visit(wish, at(10), needs=["lsc"])

    look = shown(place, away(signer))
    services.make(place, away(signer), decided(look, Action.MOVE))

    assert (look.promises[0].without, visit.minutes) == ("Iris", 30)
    assert {one.resource_id for one in schedule.allocations_of(visit.code)} == {ana.id, signer.id}


def test_another_length_of_the_procedure_does_not_shorten_what_was_promised(
    place, padron, ana, visit
):
    joan(padron)
    services.make(place, lambda: towns.change_procedure(padron, minutes={"video": 10}))
    look = shown(place, away(ana))

    services.make(place, away(ana), decided(look, Action.MOVE))

    assert visit.minutes == 20


@dataclass
class Pool:
    home: Town
    other: Town
    visit: object


@pytest.fixture
def pool():
    """A clerk of Vilaclara is lent to Etxalde, where somebody has a visit with her."""
    home = town.a_town(pool="alba")
    home_procedure = town.a_procedure()
    clerk = town.counter_of(town.a_clerk(home_procedure, hours=MORNING))
    other = town.a_town("etxalde", pool="alba")
    theirs = town.a_procedure("taxes")
    rules.set_skills(clerk, [theirs.id])
    visit = town.a_visit(town.a_wish(other, theirs), at(10))
    speak_for(home.id)
    return Pool(home, other, visit), clerk, theirs


def test_a_visit_of_another_town_of_the_pool_is_theirs_to_decide(pool):
    place, clerk, _ = pool
    look = shown(place.home, away(clerk))
    (promise,) = look.promises
    assert not promise.is_ours
    assert names(look) == [["keep"]]

    services.make(place.home, away(clerk), decided(look, Action.CANCEL))

    assert place.visit.status is Status.BOOKED
    assert queries.broken_now(place.home) == []
    speak_for(place.other.id)
    assert [one.visit.code for one in queries.broken_now(place.other)] == [place.visit.code]
    assert len(audited("PromiseLeft")) == 1


def test_a_visit_of_another_town_is_given_to_who_is_free(pool):
    place, clerk, theirs = pool
    speak_for(place.other.id)
    colleague = joan(theirs)
    speak_for(place.home.id)
    look = shown(place.home, away(clerk))

    services.make(place.home, away(clerk), decided(look, Action.GIVE))

    assert place.visit.clerk_id == colleague.id
    speak_for(place.other.id)
    assert audited("VisitGiven")[0]["visit_id"] == place.visit.id


def test_what_is_broken_now_is_mended_later(place, padron, ana, visit):
    look = shown(place, away(ana))
    services.make(place, away(ana), decided(look, Action.KEEP))
    colleague = joan(padron)

    later = services.look_at_broken(place)
    assert names(later) == [["give", "move", "cancel", "keep"]]
    assert visit.clerk_id == ana.id
    services.mend(place, decided(later, Action.GIVE))

    assert visit.clerk_id == colleague.id
    assert queries.broken_now(place) == []


def test_what_is_broken_now_is_not_mended_as_it_was_some_time_ago(place, padron, ana, visit):
    services.make(place, away(ana), Answer(shown(place, away(ana)).mark, {}))
    before = services.look_at_broken(place)
    joan(padron)

    with pytest.raises(MustDecide) as decision:
        services.mend(place, decided(before, Action.CANCEL))

    assert decision.value.is_news
    assert visit.status is Status.BOOKED


def test_an_offer_that_fails_at_the_last_moment_undoes_everything(place, padron, ana, visit):
    look = shown(place, away(ana))
    answer = decided(look, Action.MOVE)

    def change():
        """The change itself takes away what was offered, but only when it is meant."""
        away(ana)()
        if change.is_meant:
            rules.absent(ana, at(9, 30, MONDAY), at(14, day=MONDAY), "")

    change.is_meant = False
    counted = iter((False, True))
    change_once = lambda: (setattr(change, "is_meant", next(counted)), change())  # noqa: E731

    with pytest.raises(OfferOver), db.session.begin_nested():
        services.make(place, change_once, answer)

    assert visit.starts_at == at(10)
    assert schedule.absences_of(ana.id) == []


HOURS = st.integers(min_value=8, max_value=15)


@st.composite
def a_change(draw):
    """Somebody, a kind of change, and from when to when."""
    begin = draw(HOURS)
    kind = draw(st.sampled_from(["absent", "day", "closed", "season", "skills", "active"]))
    return draw(st.integers(0, 1)), kind, begin, begin + draw(st.integers(1, 4))


@settings(max_examples=60, deadline=None)
@given(
    visits=st.lists(st.tuples(HOURS, st.integers(0, 1)), max_size=5),
    change=a_change(),
    choice=st.sampled_from(list(Action)),
)
def test_what_is_shown_is_what_comes(visits, change, choice):
    """A change shown as harmless breaks nothing; another breaks what was shown and no more."""
    outer = db.session.begin_nested()
    try:
        with time_machine.travel(NOW, tick=False):
            place = town.a_town(horizon_days=60)
            procedures = [town.a_procedure(), town.a_procedure("taxes", 30)]
            people = [
                town.counter_of(town.a_clerk(*procedures, name=name, hours=(time(8), time(16))))
                for name in ("Ana Pi", "Joan Serra")
            ]
            for number, (hour, which) in enumerate(visits):
                wish = town.a_wish(place, procedures[which])
                if schedule.free_at(wish, at(hour)):
                    booked = town.booking.hold(
                        wish,
                        at(hour),
                        phone=f"+3460000000{number}",
                        name="",
                        reads="ca",
                        needs=[],
                        form_token=f"a token of the form {number}",
                    )
                    town.booking.book(booked)
            _come_true(place, _made(people, change), choice)
    finally:
        outer.rollback()
        db.session.expire_all()


def _made(people, change):
    who, kind, begin, end = change
    person = people[who]
    hours = rules.Hours(time(begin), time(end), ("video",))
    return {
        "absent": lambda: rules.absent(person, at(begin), at(end), ""),
        "day": lambda: rules.set_day(person, TUESDAY, [hours], "", today=MONDAY),
        "closed": lambda: towns.set_day(TUESDAY, "", office=None, today=MONDAY),
        "season": lambda: towns.add_season(
            MONDAY, TUESDAY, time(begin), time(end), reason="", is_yearly=False, office=None
        ),
        "skills": lambda: rules.set_skills(person, [next(iter(schedule.skills_of(person.id)))]),
        "active": lambda: rules.change_resource(person, is_active=False),
    }[kind]


def _come_true(place, change, choice):
    live = {
        one.claim
        for one in db.session.scalars(sa.select(Allocation).where(Allocation.demand != ""))
    }
    shown, done = set(), set()
    try:
        services.make(place, change)
    except MustDecide as decision:
        found = decision.look.promises
        shown = {promise.visit.code for promise in found}
        done = {promise.visit.code for promise in found if choice in promise.actions}
        services.make(place, change, Answer(decision.look.mark, {}, choice))

    broken = {one.claim for one in schedule.broken_promises(place)}
    assert broken == (shown if choice is Action.KEEP else shown - done)
    gone = done if choice is Action.CANCEL else set()
    assert all(schedule.allocations_of(code) for code in live - gone), "a visit was lost"


def test_of_very_many_visits_the_first_have_offers_and_the_rest_stay_on_the_list(
    place, padron, ana, monkeypatch
):
    wish = town.a_wish(place, padron)
    for number in range(3):
        town.a_visit(wish, at(10 + number), phone=f"+3460000000{number}")
    monkeypatch.setattr(changes, "MOST_OFFERS", 2)

    look = shown(place, away(ana))
    assert look.is_too_much
    assert names(look) == [["move", "cancel", "keep"]] * 2 + [["cancel", "keep"]]
    services.make(place, away(ana), decided(look, for_all=Action.MOVE))

    assert len(queries.broken_now(place)) == 1
    assert names(services.look_at_broken(place)) == [["move", "cancel", "keep"]]
