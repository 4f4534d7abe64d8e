"""Sessions: a browser that was let in, until it leaves, its time is over or somebody closes it."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app

from app.accounts.models import Account
from app.core import clock, stream
from app.core.db import db
from app.core.events import publish
from app.identity import queries
from app.identity.errors import AnswersGone
from app.identity.events import KioskOpened, SessionRefused, SessionsClosed, SignedIn
from app.identity.models import KeptAnswers, OpenSession, Passkey, SessionKind
from app.identity.queries import digest_of, session_of
from app.towns import services as towns
from app.towns.tenant import current_town_id, every_town

# How often a session notes that somebody is there, at the most.
SEEN_EVERY = timedelta(minutes=1)
# How long after showing who one is one may change passkeys.
FRESH = timedelta(minutes=10)


def limits(kind: SessionKind) -> tuple[timedelta, timedelta]:
    """How long without anybody there, and how long in all."""
    config, name = current_app.config, kind.value.upper()
    idle, whole = config[f"SESSION_{name}_IDLE_MINUTES"], config[f"SESSION_{name}_MINUTES"]
    return timedelta(minutes=float(idle)), timedelta(minutes=float(whole))


def open_session(
    account: Account, method: str, *, device: str = "", passkey: Passkey | None = None
) -> tuple[OpenSession, str]:
    """A new session and its name, which is told once and only to the browser."""
    towns.take_turns()
    kind = SessionKind.of(account.role)
    name, now = secrets.token_urlsafe(32), clock.now()
    made = OpenSession(
        digest=digest_of(name),
        kind=kind,
        account_id=account.id,
        passkey_id=passkey.id if passkey else None,
        method=method,
        device=device,
        started_at=now,
        seen_at=now,
        confirmed_at=now,
        ends_at=now + limits(kind)[1],
        previous_at=account.last_access_at,
        previous_device=account.last_access_device,
    )
    made.account = account
    db.session.add(made)
    account.last_access_at, account.last_access_device = now, device
    db.session.flush()
    publish(SignedIn(town_id=account.town_id, account_id=account.id, method=method))
    return made, name


def seconds_left(session: OpenSession) -> int:
    """Until it ends if nobody does anything more."""
    idle_until = session.seen_at + limits(session.kind)[0]
    left = min(idle_until, session.ends_at) - clock.now()
    return max(0, int(left.total_seconds()))


def is_over(session: OpenSession) -> bool:
    return session.closed_at is not None or seconds_left(session) == 0


def is_open(session_id: int) -> bool:
    """Whether that session of any town still lets its browser in."""
    with every_town():
        found = db.session.get(OpenSession, session_id)
        return found is not None and not is_over(found) and _is_of_somebody_active(found)


def _is_of_somebody_active(session: OpenSession) -> bool:
    return session.account is None or session.account.is_active


def is_fresh(session: OpenSession) -> bool:
    """Whether it was shown a moment ago who this is, as well as this person can show it.

    Whoever has a passkey shows it; a code by SMS is not enough for them.
    """
    if session.account_id is None or clock.now() - session.confirmed_at > FRESH:
        return False
    return session.method == "passkey" or not queries.passkeys_of(session.account_id)


def is_to_be_seen(session: OpenSession) -> bool:
    """Whether it is time to note again that somebody is there."""
    often = min(SEEN_EVERY, limits(session.kind)[0] / 10)
    return clock.now() - session.seen_at >= often


def see(session: OpenSession) -> None:
    """Somebody is there."""
    db.session.execute(
        sa.update(OpenSession)
        .where(OpenSession.id == session.id, OpenSession.closed_at.is_(None))
        .values(seen_at=clock.now())
    )


def close_session(session: OpenSession, why: str) -> None:
    """Close this one. Closed twice is closed once."""
    if session.closed_at is None:
        _close([session], why)


def close_sessions(account_id: int, why: str, but: OpenSession | None = None) -> int:
    """Close every session of that person, in every browser, but perhaps one."""
    found = [one for one in queries.sessions_of(account_id) if but is None or one.id != but.id]
    _close(found, why)
    return len(found)


def close_sessions_of_passkey(passkey: Passkey) -> None:
    _close(queries.sessions_by_passkey(passkey.id), "passkey removed")


def refuse_session(kind: SessionKind, session: OpenSession | None) -> bool:
    """Write down that a name was shown which opens nothing; of a closed one, the first time only.

    Returns whether anything was written.
    """
    if session is not None and session.was_refused:
        return False
    if session is not None:
        session.was_refused = True
    publish(
        SessionRefused(
            town_id=current_town_id(),
            account_id=session.account_id if session else None,
            kind=kind.value,
            why="closed" if session else "unknown",
        )
    )
    return True


def invite_kiosk(label: str) -> str:
    """A one-time token that turns the browser which opens it into a kiosk of this town."""
    token, now = secrets.token_urlsafe(24), clock.now()
    life = timedelta(hours=float(current_app.config["INVITATION_HOURS"]))
    db.session.add(
        OpenSession(
            digest=digest_of(token),
            kind=SessionKind.KIOSK,
            method="invited",
            label=label,
            ends_at=now + life,
        )
    )
    db.session.flush()
    return token


def open_kiosk(token: str) -> tuple[OpenSession, str] | None:
    """Use that token, once: its row gets a new name, which only this browser knows."""
    found = session_of(token, SessionKind.KIOSK)
    if found is None or found.method != "invited" or is_over(found):
        return None
    name, now = secrets.token_urlsafe(32), clock.now()
    found.digest, found.method = digest_of(name), "device"
    found.started_at = found.seen_at = found.confirmed_at = now
    found.ends_at = now + limits(SessionKind.KIOSK)[1]
    publish(KioskOpened(town_id=found.town_id, kiosk=found.label))
    return found, name


def keep_answers(account_id: int, path: str, fields: list[tuple[str, str]]) -> KeptAnswers:
    """What somebody had written when their session ended; for them alone, for a while."""
    life = timedelta(minutes=float(current_app.config["KEPT_ANSWERS_MINUTES"]))
    kept = KeptAnswers(
        account_id=account_id,
        path=path,
        answers={"fields": [list(pair) for pair in fields]},
        expires_at=clock.now() + life,
    )
    db.session.add(kept)
    db.session.flush()
    return kept


def kept_answers(code: str, account: Account) -> KeptAnswers:
    kept = queries.kept_answers(code)
    if kept is None or kept.account_id != account.id or kept.expires_at <= clock.now():
        raise AnswersGone
    return kept


def forget_sessions() -> None:
    """Those whose time was over some days ago, and answers for which nobody came back."""
    now = clock.now()
    long_ago = now - timedelta(days=float(current_app.config["SESSION_KEEP_DAYS"]))
    db.session.execute(sa.delete(OpenSession).where(OpenSession.ends_at < long_ago))
    db.session.execute(sa.delete(KeptAnswers).where(KeptAnswers.expires_at < now))


def _close(sessions: Sequence[OpenSession], why: str) -> None:
    if not sessions:
        return
    towns.take_turns()
    now = clock.now()
    for session in sessions:
        session.closed_at = now
        session.ends_at = min(session.ends_at, now)
        stream.tell(queries.end_of(session.id), "over", {})
    db.session.flush()
    first = sessions[0]
    publish(
        SessionsClosed(
            town_id=first.town_id, account_id=first.account_id, why=why, count=len(sessions)
        )
    )
