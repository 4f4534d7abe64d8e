"""Errands of the waiting room: come in, leave, call the next one exactly once, tell the wait."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.booking import queries as visits
from app.booking import services as booking
from app.booking.errors import TimeTaken, VisitChanged, VisitMissing, WayNotPossible
from app.booking.events import VisitMoved
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.queue import queries, waits
from app.queue.errors import (
    AlreadyAttending,
    AppointmentSoon,
    LineClosed,
    NobodyWaiting,
    NotAtTheCounter,
    NotByVideo,
    TooEarly,
    TooLate,
)
from app.queue.events import CounterChanged, NearlyTheirTurn, PriorityChanged, VisitTransferred
from app.queue.models import LAST_TICKET, Ticket, UsualLength, WaitEstimate
from app.queue.queries import Standing
from app.schedule import queries as schedule
from app.schedule import services as time
from app.schedule.models import CounterState, Resource
from app.schedule.queries import Wish
from app.towns import services as towns
from app.towns.models import Channel, Procedure, Town
from app.towns.tenant import speak_for, town_of

# How long after its end a visit that nobody ended is left alone.
PATIENCE = timedelta(hours=4)
# An appointment may begin this much late because somebody else was called before it.
OVERRUN = timedelta(minutes=5)
# Who is away is told to come back when so few are before them, or so few minutes remain.
NEAR_AHEAD, NEAR_MINUTES = 1, 10
# Past attentions that say how long one takes.
MEMORY = timedelta(days=60)
FIRST_LOOK = 20  # how many of the line are tried before a clerk is told that nobody is there


def receive_walk_in(
    staff: Account,
    wish: Wish,
    *,
    phone: str,
    name: str,
    reads: str,
    needs: Sequence[str],
    form_token: str,
    anyway: bool = False,
    follows: Visit | None = None,
) -> Visit:
    """Somebody has come to the counter, or calls, without an appointment.

    Whoever could not be attended before closing is not taken in, unless the clerk says so.
    """
    if not anyway and not queries.intake(wish).is_open:
        raise LineClosed
    visit = booking.walk_in_for(
        staff,
        wish,
        phone=phone,
        name=name,
        reads=reads,
        needs=needs,
        form_token=form_token,
        follows=follows,
    )
    if queries.needs_a_number(visit):
        give_ticket(visit)
    return visit


def give_ticket(visit: Visit) -> Ticket:
    """The next number of its office today. Asked twice, the same; a number in use is left out."""
    if own := queries.ticket_of(visit):
        return own
    towns.take_turns()
    office_id, day = queries.office_of(visit), clock.today(visit.town.time_zone)
    last = queries.last_ticket(office_id, day)
    in_use = queries.numbers_in_use(office_id, day)
    ticket = Ticket(
        visit_id=visit.id,
        office_id=office_id,
        day=day,
        position=last.position + 1 if last else 1,
    )
    while ticket.number in in_use and len(in_use) < LAST_TICKET:
        ticket.position += 1
    db.session.add(ticket)
    db.session.flush()
    return ticket


def walk_in(
    wish: Wish,
    *,
    phone: str,
    name: str,
    reads: str,
    needs: Sequence[str],
    form_token: str,
    host: str = "",
) -> Visit:
    """Somebody wants to talk now. They are in the line once their telephone is confirmed."""
    if not queries.intake(wish).is_open:
        raise LineClosed
    return booking.hold_walk_in(
        wish,
        phone=phone,
        name=name,
        reads=reads,
        needs=needs,
        form_token=form_token,
        host=host,
    )


def arrive(visit: Visit) -> None:
    """The citizen is in the waiting room. Coming in twice is coming in once.

    Who comes after the town's minutes of courtesy keeps the visit, but waits as one without a time.
    """
    booking.look_again(visit)
    if visit.status is not Status.BOOKED:
        if visit.is_live:
            return
        raise VisitMissing
    if not visit.is_by_video:
        raise NotByVideo
    now, late = clock.now(), timedelta(minutes=visit.town.late_minutes)
    if now < visit.starts_at - timedelta(minutes=visit.town.early_minutes):
        raise TooEarly
    if now > visit.ends_at + late:
        raise TooLate
    visit.is_walk_in = now > visit.starts_at + late
    booking.move_on(visit, Status.WAITING)


def receive(visit: Visit) -> None:
    """Somebody at the town hall says that the person is here; in the hall they get a number.

    Who comes after the minutes of courtesy waits as one without a time.
    """
    booking.look_again(visit)
    if visit.status is not Status.BOOKED:
        raise VisitChanged
    late = timedelta(minutes=visit.town.late_minutes)
    visit.is_walk_in = clock.now() > visit.starts_at + late
    booking.move_on(visit, Status.WAITING)
    if queries.needs_a_number(visit):
        give_ticket(visit)


def begin(visit: Visit) -> None:
    """The person is at the desk, or has answered the telephone: the attention begins."""
    if visit.status is not Status.CALLED:
        raise VisitChanged
    booking.move_on(visit, Status.IN_SERVICE)


def repeat_call(visit: Visit) -> None:
    """Once more, without letting others go first; after the town's number of calls it is over."""
    if visit.status is not Status.CALLED:
        raise VisitChanged
    if visit.calls >= visit.town.calls_before_no_show:
        give_up(visit)
        return
    visit.calls += 1
    visit.called_at = clock.now()
    publish(VisitMoved(town_id=visit.town_id, visit_id=visit.id, status=Status.CALLED.value))


def give_up(visit: Visit) -> None:
    """Who had an appointment did not come; who had none has left."""
    booking.move_on(visit, Status.LEFT if visit.is_walk_in else Status.NO_SHOW)


def step_out(visit: Visit) -> None:
    """They left the waiting room before being called; an appointment stands, a place does not."""
    booking.look_again(visit)
    if visit.status is not Status.WAITING:
        return
    booking.move_on(visit, Status.LEFT if visit.is_walk_in else Status.BOOKED)
    wish = visits.wish_of(visit)
    if visit.calls and visit.can_be_moved and wish:  # called before its time: that was given up
        with suppress(TimeTaken):
            booking.settle(visit, wish)


def wait_elsewhere(visit: Visit) -> None:
    """They go away and keep their place: a message tells them when it is nearly their turn."""
    if visit.status is not Status.WAITING:
        raise VisitChanged
    visit.wants_sms = True


def call_next(account: Account) -> Visit:
    """Call the right person, exactly once however many clerks ask at the same time.

    Whoever would still be at the counter when somebody with an appointment comes is passed over:
    the clerk may call them by hand all the same.
    """
    clerk = counter_of(account)
    towns.take_turns()
    if queries.attended_by(clerk):
        raise AlreadyAttending
    soon = queries.next_appointment(clerk)
    passed_over = False
    for visit in islice(queries.ready_for(clerk), FIRST_LOOK):
        is_appointment = not visit.is_walk_in and visit.starts_at <= clock.now()
        until = clock.now() + timedelta(minutes=visit.minutes)
        if soon and not is_appointment and soon != visit.starts_at and until > soon + OVERRUN:
            passed_over = True
            continue
        if _call(visit, clerk):
            return visit
    raise AppointmentSoon if passed_over else NobodyWaiting


def call(account: Account, visit: Visit) -> Visit:
    """Call this very person: the clerk chose them from the list."""
    clerk = counter_of(account)
    towns.take_turns()
    if queries.attended_by(clerk):
        raise AlreadyAttending
    mine = {other.id for other in queries.ready_for(clerk)}
    if visit.id not in mine or not _call(visit, clerk):
        raise NobodyWaiting
    return visit


def call_again(visit: Visit) -> None:
    """They did not answer: others go before them, and after the town's number of calls it is over.

    Who had an appointment did not come; who had none has left.
    """
    if visit.status is not Status.CALLED:
        raise VisitChanged
    if visit.calls >= visit.town.calls_before_no_show:
        give_up(visit)
        return
    time.free(visit.code)
    booking.move_on(visit, Status.WAITING)


def transfer(
    visit: Visit, *, procedure: Procedure | None = None, to: Resource | None = None
) -> None:
    """Back to the waiting room, first of its kind, for something else or for somebody else.

    The visit stays the same, with its papers and its record. Refused when nobody attends that
    procedure that way in a language of theirs.
    """
    if not visit.is_being_attended:
        raise VisitChanged
    wanted = procedure or visit.procedure
    wish = visits.wish_for(visit.town, wanted, visit.channel.value, visit.language)
    if wish is None or not _would_attend(wish, visit, to):
        raise WayNotPossible
    time.free(visit.code)
    visit.procedure, visit.language = wanted, wish.language
    visit.asked_clerk_id = to.id if to else None
    visit.clerk_id = None
    visit.calls = 0
    visit.priority += 1
    visit.is_walk_in = True  # their appointment has been kept: from here on they wait by arrival
    booking.move_on(visit, Status.WAITING)
    publish(
        VisitTransferred(
            town_id=visit.town_id,
            visit_id=visit.id,
            procedure_id=wanted.id,
            clerk_id=to.id if to else None,
        )
    )


def _would_attend(wish: Wish, visit: Visit, to: Resource | None) -> bool:
    """Whether somebody, or that clerk, attends all that is done in it in that language."""
    everything = {wish.procedure.id, *(one.id for one in visit.also)}
    demand = schedule.clerk_demand(wish.channel, wish.language, everything, to.id if to else None)
    return bool(wish.staff.roster.able(demand))


def give_priority(visit: Visit, priority: int, reason: str = "") -> None:
    """Higher goes first among those without an appointment: age, pregnancy, small children."""
    if not visit.is_waiting:
        raise VisitChanged
    visit.priority = max(0, min(priority, 9))
    visit.priority_reason = reason if visit.priority else ""
    publish(
        PriorityChanged(
            town_id=visit.town_id,
            visit_id=visit.id,
            priority=visit.priority,
            reason=visit.priority_reason,
        )
    )


def sit_at(account: Account, desk: Resource | None) -> None:
    """At which desk of the hall this clerk attends, for the screen to say."""
    clerk = counter_of(account)
    clerk.desk_id = desk.id if desk else None
    _tell_counter(clerk)


def set_counter(account: Account, state: CounterState) -> None:
    """The clerk opens, pauses or closes their counter; it holds for the day."""
    clerk = counter_of(account)
    clerk.counter, clerk.counter_at = state, clock.now()
    _tell_counter(clerk)


def tell_waits(town: Town) -> int:
    """Write what each person who waits is told from now on, when it changes. Returns how many."""
    found = queries.standings(town)
    told = queries.all_told()
    towns.take_turns()  # before the first line is written: whoever hears of it takes one
    count = 0
    for visit in queries.waiting():
        standing = found.get(visit.id)
        if standing is None:
            continue
        count += _tell(visit, standing, told.get(visit.id))
        _warn(visit, standing)
    return count


def measure_lengths() -> int:
    """How long attentions of this town have taken of late. Returns how many kinds were measured."""
    found = queries.past_attentions(clock.now() - MEMORY)
    for (procedure_id, channel), past in found.items():
        kept = sum(minutes for _took, minutes in past) / len(past)
        mean, spread = waits.typical((took for took, _kept in past), kept)
        row = db.session.get(UsualLength, (procedure_id, channel)) or UsualLength(
            procedure_id=procedure_id, channel=channel
        )
        row.factor, row.spread, row.count = mean / kept, spread, len(past)
        row.measured_at = clock.now()
        db.session.add(row)
    return len(found)


def end_the_day() -> int:
    """Closing time: who still waits when nobody will come any more today is told so.

    Their visit is cancelled by the office, with a message that says how to go on. Returns how many.
    """
    count = 0
    for visit in queries.waiting():
        if visit.ends_at < clock.now() and not queries.is_anybody_coming(visit):
            booking.cancel(visit, "closing")
            count += 1
    return count


def close_the_forgotten() -> int:
    """What nobody ended ends by itself, so that it neither waits for ever nor stands in the way.

    Who never came is a no-show; who left the waiting room without a word has left; a telephone
    call that the office never made is cancelled by the office, which says so. Returns how many.
    """
    now = clock.now()
    count = 0
    for visit in queries.unended(now - PATIENCE):
        late = visit.ends_at + timedelta(minutes=visit.town.late_minutes)
        if visit.status is Status.WAITING:
            booking.move_on(visit, Status.LEFT)
        elif visit.channel is Channel.PHONE:
            booking.cancel(visit, "office")
        elif late < now:
            booking.move_on(visit, Status.NO_SHOW)
        else:
            continue
        count += 1
    return count


def counter_of(account: Account) -> Resource:
    resource = schedule.resource_of(account.id)
    if resource is None or not resource.is_active:
        raise NotAtTheCounter
    return resource


def _tell_counter(clerk: Resource) -> None:
    state = clerk.counter.value if clerk.counter else ""
    publish(CounterChanged(town_id=clerk.town_id, resource_id=clerk.id, state=state))


def _call(visit: Visit, clerk: Resource) -> bool:
    """Of two clerks at once, the register gives the person to the first."""
    with town_of(visit.town_id):
        towns.take_turns()
        called = db.session.execute(
            sa.update(Visit)
            .where(Visit.id == visit.id, queries.is_ready())
            .values(
                status=Status.CALLED,
                called_at=clock.now(),
                clerk_id=clerk.id,
                calls=Visit.calls + 1,
            )
            .execution_options(synchronize_session=False)
        )
        if called.rowcount != 1:  # type: ignore[attr-defined]
            return False
        db.session.refresh(visit)
        try:
            with db.session.begin_nested():
                time.attend(visit.code, clerk, visit.minutes)
        except IntegrityError as error:  # another writer gave the clerk's time away just now
            raise VisitChanged from error
        publish(VisitMoved(town_id=visit.town_id, visit_id=visit.id, status=Status.CALLED.value))
    return True


def _tell(visit: Visit, standing: Standing, told: WaitEstimate | None) -> bool:
    reason = ""
    if waits.jumps(told, standing.forecast):
        reason = _why(standing, told)
        is_fresh = told is not None and told.made_at > clock.now() - queries.TOLD_FOR
        if not reason and is_fresh:
            return False
    now = waits.steady(told, standing.forecast, reason)
    before = (told.ahead, told.shortest, told.longest) if told else None
    if before == (standing.ahead, now.shortest, now.longest):
        return False
    db.session.add(
        WaitEstimate(
            visit_id=visit.id,
            made_at=clock.now(),
            ahead=standing.ahead,
            clerks=standing.clerks,
            shortest=now.shortest,
            longest=now.longest,
            reason=reason,
        )
    )
    return True


def _why(standing: Standing, told: WaitEstimate | None) -> str:
    if told is None:
        return ""
    if standing.clerks < told.clerks:
        return "clerk_left"
    return "priority" if standing.ahead > told.ahead else ""


def _warn(visit: Visit, standing: Standing) -> None:
    longest = standing.forecast.longest
    is_near = standing.ahead <= NEAR_AHEAD or (longest is not None and longest <= NEAR_MINUTES)
    if visit.wants_sms and visit.warned_at is None and is_near:
        visit.warned_at = clock.now()
        publish(NearlyTheirTurn(town_id=visit.town_id, visit_id=visit.id))


# --- beside a visit ------------------------------------------------------------------------------


def look_into(account: Account, code: str) -> Visit:
    """A visit of this town, or of one that this clerk is lent to: from here on in its name."""
    return _found_by(schedule.resource_of(account.id), code)


def take_in_hand(account: Account, code: str) -> Visit:
    """One that this very clerk has, or had, on the counter."""
    clerk = schedule.resource_of(account.id)
    found = _found_by(clerk, code)
    if clerk is None or found.clerk_id != clerk.id:
        raise VisitMissing
    return found


def _found_by(clerk: Resource | None, code: str) -> Visit:
    found = queries.visit_for(clerk, code)
    if found is None:
        raise VisitMissing
    speak_for(found.town_id)
    return found
