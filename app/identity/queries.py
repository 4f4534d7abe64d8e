"""Questions about codes, passkeys and sessions."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from app.accounts.models import Account
from app.core import clock
from app.core.db import db, first_or_none
from app.core.phones import prefix_of
from app.identity.models import (
    CodeAlarm,
    KeptAnswers,
    OpenSession,
    Passkey,
    PhoneCode,
    RecoveryCheck,
    SessionKind,
)
from app.towns.tenant import every_town

# Asked at every code, and so built once: a question costs as much to put together as to answer.
LIVE_CODES = (
    sa.select(PhoneCode)
    .where(PhoneCode.phone == sa.bindparam("phone"), PhoneCode.purpose == sa.bindparam("purpose"))
    .order_by(PhoneCode.sent_at.desc(), PhoneCode.id.desc())  # as the telephone's index goes
    .limit(5)
)
RINGING = (
    sa.select(CodeAlarm.id)
    .where(CodeAlarm.until > sa.bindparam("now"), CodeAlarm.prefix == sa.bindparam("prefix"))
    .limit(1)
)
TO_THIS = PhoneCode.phone == sa.bindparam("phone")
BY_ASKER = PhoneCode.address_digest.in_(sa.bindparam("asker", expanding=True))
# Telephones of one prefix, so that an index finds them.
BEGINS_SO = PhoneCode.phone.between(sa.bindparam("lowest"), sa.bindparam("highest"))
SENT = sa.select(
    *(
        sa.func.count(sa.case((condition, 1)))
        for condition in (sa.and_(TO_THIS, BY_ASKER), BY_ASKER, TO_THIS, BEGINS_SO)
    )
).where(PhoneCode.sent_at > sa.bindparam("since"), sa.or_(BEGINS_SO, BY_ASKER))


def live_codes(phone: str, purpose: str) -> Sequence[PhoneCode]:
    """Codes sent to that telephone for that purpose, newest first, used and expired ones too."""
    return db.session.scalars(LIVE_CODES, {"phone": phone, "purpose": purpose}).all()


def was_confirmed(phone: str, purpose: str) -> bool:
    """Whether a code for that purpose came back from that telephone."""
    return any(code.used_at is not None for code in live_codes(phone, purpose))


@dataclass(frozen=True)
class CodesSent:
    """How many codes went out in the last hour."""

    to_this_by_this_asker: int
    by_this_asker: int
    to_this: int
    to_this_prefix: int


def codes_sent(phone: str, asker: Collection[str]) -> CodesSent:
    """To that telephone, at that asker's request, both, and to telephones that begin like it.

    `asker`: the digests of whoever asks, one for each key that is still read.
    """
    asked = {
        "phone": phone,
        "asker": list(asker),
        "since": clock.now() - timedelta(hours=1),
        **bounds_of(prefix_of(phone)),
    }
    row = db.session.execute(SENT, asked).one()
    return CodesSent(row[0], row[1], row[2], row[3])


def bounds_of(prefix: str) -> dict[str, str]:
    """The first and the last telephone of that prefix, for `BEGINS_SO`."""
    return {"lowest": f"{prefix}0000", "highest": f"{prefix}9999"}


def wrong_tries(phone: str) -> int:
    """Wrong codes typed for that telephone in the last hour, by whomever, in every town."""
    question = sa.select(sa.func.sum(PhoneCode.tries)).where(
        PhoneCode.phone == phone, PhoneCode.sent_at > clock.now() - timedelta(hours=1)
    )
    return int(db.session.scalar(question) or 0)


@dataclass(frozen=True)
class Share:
    """Of the telephones of one prefix that a code was sent to, how many gave one back."""

    prefix: str
    numbers: int
    confirmed: int

    def is_collapsed(self, least: int, share: float) -> bool:
        return self.numbers >= least and self.confirmed < share * self.numbers


# Whoever has just been sent a code has not had the time to type it.
TIME_TO_TYPE = timedelta(minutes=3)


def shares() -> list[Share]:
    """By prefix, of the codes that the town sent in the last hour and could be back by now."""
    now = clock.now()
    per_phone = (
        sa.select(
            PhoneCode.phone.label("phone"),
            sa.func.max(sa.case((PhoneCode.used_at.is_not(None), 1), else_=0)).label("confirmed"),
        )
        .where(PhoneCode.sent_at > now - timedelta(hours=1), PhoneCode.sent_at < now - TIME_TO_TYPE)
        .group_by(PhoneCode.phone)
    )
    found: dict[str, list[int]] = {}
    for phone, confirmed in db.session.execute(per_phone):
        found.setdefault(prefix_of(phone), []).append(confirmed)
    return [Share(prefix, len(each), sum(each)) for prefix, each in sorted(found.items())]


def live_alarms() -> Sequence[CodeAlarm]:
    """What is stopped now, newest first."""
    question = sa.select(CodeAlarm).where(CodeAlarm.until > clock.now())
    return db.session.scalars(question.order_by(CodeAlarm.id.desc())).all()


def is_stopped(phone: str) -> bool:
    """Whether codes to such numbers are stopped, in whatever town it was noticed."""
    return _is_ringing(prefix_of(phone))


def is_town_alarmed() -> bool:
    return _is_ringing("")


def _is_ringing(prefix: str) -> bool:
    asked = {"now": clock.now(), "prefix": prefix}
    return db.session.scalar(RINGING, asked) is not None


def is_prefix_unproven(phone: str) -> bool:
    """A code was sent to a number that begins so in the last hour, and none came back."""
    counts = sa.select(sa.func.count(), sa.func.count(PhoneCode.used_at)).where(
        PhoneCode.sent_at > clock.now() - timedelta(hours=1), BEGINS_SO
    )
    sent, confirmed = db.session.execute(counts, bounds_of(prefix_of(phone))).one()
    return bool(sent and not confirmed)


def passkey(credential_id: bytes) -> Passkey | None:
    found: Passkey | None = first_or_none(
        sa.select(Passkey).where(Passkey.credential_id == credential_id)
    )
    return found


def is_known_anywhere(credential_id: bytes) -> bool:
    """In any town: the table keeps each credential once, whoever enrolled it."""
    with every_town():
        return passkey(credential_id) is not None


def passkeys_of(account_id: int) -> Sequence[Passkey]:
    question = sa.select(Passkey).where(Passkey.account_id == account_id)
    return db.session.scalars(question.order_by(Passkey.id)).all()


def passkey_of(account_id: int, code: str) -> Passkey | None:
    """Somebody's own passkey, by its public name."""
    found: Passkey | None = first_or_none(
        sa.select(Passkey).where(Passkey.account_id == account_id, Passkey.code == code)
    )
    return found


def passkeys_by_account() -> dict[int, int]:
    """How many passkeys each person of this town has."""
    question = sa.select(Passkey.account_id, sa.func.count()).group_by(Passkey.account_id)
    return {row[0]: row[1] for row in db.session.execute(question)}


def recoveries() -> Sequence[RecoveryCheck]:
    """Citizens of the town who wait for a second check, the longest wait first.

    What somebody has seen who no longer works here counts for nothing.
    """
    question = (
        sa.select(RecoveryCheck)
        .where(RecoveryCheck.ends_at > clock.now())
        .where(RecoveryCheck.asked_by.has(Account.is_active))
        .order_by(RecoveryCheck.asked_at)
        .options(joinedload(RecoveryCheck.account), joinedload(RecoveryCheck.asked_by))
    )
    return db.session.scalars(question).all()


def recovery(code: str) -> RecoveryCheck | None:
    return next((one for one in recoveries() if one.code == code), None)


def session_of(name: str, kind: SessionKind) -> OpenSession | None:
    """The session with that name, closed ones too, together with its person: one question."""
    found: OpenSession | None = first_or_none(
        sa.select(OpenSession)
        .where(OpenSession.digest == digest_of(name), OpenSession.kind == kind)
        .options(joinedload(OpenSession.account))
    )
    return found


def end_of(session_id: int) -> str:
    """Where it is told that this session was closed."""
    return f"session:{session_id}"


def sessions_of(account_id: int) -> Sequence[OpenSession]:
    """The open ones of that person, the last seen first."""
    question = sa.select(OpenSession).where(
        OpenSession.account_id == account_id,
        OpenSession.closed_at.is_(None),
        OpenSession.ends_at > clock.now(),
    )
    return db.session.scalars(question.order_by(OpenSession.seen_at.desc())).all()


def session_by_code(account_id: int, code: str) -> OpenSession | None:
    """Somebody's own session, closed or not, by the name it has in lists."""
    found: OpenSession | None = first_or_none(
        sa.select(OpenSession).where(OpenSession.account_id == account_id, OpenSession.code == code)
    )
    return found


def sessions_by_passkey(passkey_id: int) -> Sequence[OpenSession]:
    question = sa.select(OpenSession).where(
        OpenSession.passkey_id == passkey_id, OpenSession.closed_at.is_(None)
    )
    return db.session.scalars(question).all()


def kiosks() -> Sequence[OpenSession]:
    question = sa.select(OpenSession).where(
        OpenSession.kind == SessionKind.KIOSK,
        OpenSession.closed_at.is_(None),
        OpenSession.ends_at > clock.now(),
    )
    return db.session.scalars(question.order_by(OpenSession.label)).all()


def kept_answers(code: str) -> KeptAnswers | None:
    found: KeptAnswers | None = first_or_none(
        sa.select(KeptAnswers).where(KeptAnswers.code == code)
    )
    return found


def digest_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
