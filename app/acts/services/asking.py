"""An act is asked for: once for each visit, and again only to replace the one there is."""

import secrets

from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.acts import csv, queries, recorded
from app.acts.errors import NothingNew, NotOver
from app.acts.events import ActAsked, ActTriedAgain
from app.acts.manifest import digest_of
from app.acts.models import Grade, SealedAct, Step
from app.booking.models import Status, Visit
from app.core import clock
from app.core.db import CODE_LETTERS, db, new_code
from app.core.events import publish
from app.core.jobs import call
from app.towns.services import look_again


def ask(visit: Visit, by: Account | None = None) -> SealedAct:
    """The act of that visit. Asked for twice, or by two at once, it is one."""
    look_again(visit)
    if there := queries.acts_of(visit):
        return there[0]
    if visit.status is not Status.SERVED and queries.signed_statement(visit) is None:
        raise NotOver
    return _add(visit, None, by, reason="")


def ask_if_due(visit: Visit) -> SealedAct | None:
    """What the house does by itself: when something was stated, accepted, signed or recorded.

    An act that was sealed during the visit, or signed in it, does not say what came after it:
    another one does.
    """
    if not queries.is_worth_an_act(visit) and not recorded.is_on_record(visit):
        return None
    act = ask(visit)
    if act.step is Step.FIXED:
        write_down_anew(act)
    elif act.is_sealed and _something_came_after(act):
        return replace(act, None, reason="continued")
    return act


def ask_with_more(visit: Visit, by: Account) -> SealedAct:
    """The act of what was stated just now, also when there is one that cannot know of it."""
    act = ask(visit, by)
    if act.step is Step.FIXED:
        write_down_anew(act)
    return replace(act, by, reason="continued") if act.is_sealed else act


def write_down_anew(act: SealedAct) -> None:
    """Nobody has it yet, and what it says is no longer all: whoever is sealing it finds out."""
    act.step, act.manifest, act.digest = Step.ASKED, "", ""
    act.try_at = clock.now()
    db.session.flush()
    call("acts")


def _something_came_after(act: SealedAct) -> bool:
    """Whatever came while it waited for its seal does not stand in it either."""
    visit, since = act.visit, act.sealed_at or clock.now()
    return (
        bool(visit.outcome or visit.next_steps)
        or recorded.is_on_record_since(visit, since)
        or any(
            one.answered_at and one.answered_at > act.asked_at for one in queries.requests_of(visit)
        )
    )


def try_again(act: SealedAct, by: Account) -> None:
    """What waits for its seal or its stamp is tried now, whatever its turn.

    What was changed between digest and seal is never sealed: it is written down anew.
    """
    look_again(act.visit)
    if act.edition is not None and act.edition.is_stamped:
        raise NothingNew
    anew = act.step is Step.FIXED and digest_of(act.manifest.encode()) != act.digest
    if anew:
        write_down_anew(act)
    act.problem, act.tries, act.try_at = "", 0, clock.now()
    publish(
        ActTriedAgain(
            town_id=act.town_id,
            visit_id=act.visit_id,
            act_id=act.id,
            account_id=by.id,
            anew=anew,
        )
    )


def correct(act: SealedAct, by: Account) -> SealedAct:
    """What it says is no longer what is written down: another one says what is."""
    return replace(act, by, reason="corrected")


def replace(
    act: SealedAct, by: Account | None, *, reason: str, grade: Grade = Grade.AUTOMATIC
) -> SealedAct:
    """Another one in its place, with a code of its own (R8). What was sealed stays as it is."""
    look_again(act.visit)
    if not act.is_sealed or queries.acts_of(act.visit)[0].id != act.id:
        raise NothingNew
    return _add(act.visit, act, by, reason=reason, grade=grade)


def _add(
    visit: Visit,
    replaced: SealedAct | None,
    by: Account | None,
    *,
    reason: str,
    grade: Grade = Grade.AUTOMATIC,
) -> SealedAct:
    year = clock.today(visit.town.time_zone).year
    own = "".join(secrets.choice(CODE_LETTERS) for _ in range(30)).upper()
    act = SealedAct(
        csv=csv.new(),
        identifier=f"ES_{visit.town.dir3}_{year}_{own}",
        visit_id=visit.id,
        meeting=recorded.meeting_code(visit) or (replaced.meeting if replaced else new_code()),
        version=replaced.version + 1 if replaced else 1,
        replaces_id=replaced.id if replaced else None,
        reason=reason,
        grade=grade,
        language=visit.reads,
        asked_at=clock.now(),
        try_at=clock.now(),
        asked_by_id=by.id if by else None,
    )
    try:
        with db.session.begin_nested():
            db.session.add(act)
    except IntegrityError:  # somebody else asked at the same instant: theirs is the one
        return queries.acts_of(visit)[0]
    call("acts")
    publish(
        ActAsked(
            town_id=visit.town_id,
            visit_id=visit.id,
            act_id=act.id,
            version=act.version,
            reason=reason,
        )
    )
    return act
