"""A national identity for a visit: sent away, back once, named, and confirmed by the citizen.

The provider is asked outside of these errands: nothing here waits for anybody. What comes back
fits only the attempt with its state, in the browser that began it, at the provider it was sent to.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from app.assurance import documents, queries
from app.assurance.errors import TooManyAttempts
from app.assurance.events import EidBegun, EidEnded, EidRefused
from app.assurance.models import (
    Assurance,
    AttemptState,
    DocumentKind,
    EidAttempt,
    Method,
)
from app.assurance.services.rows import Identity, identify
from app.booking.errors import VisitChanged
from app.booking.models import Visit
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.identity.eid import Beginning, Ending, Outcome, Provider
from app.towns.models import DocumentRule, Level
from app.towns.tenant import current_town_id

LIFE = timedelta(minutes=15)  # people look for their card, wait for a message, type slowly
ATTEMPTS_PER_HOUR = 12


@dataclass(frozen=True)
class Finding:
    """Whose return it is: an attempt, or the word that says why it is nobody's."""

    attempt: EidAttempt | None
    kept: dict[str, str]
    reason: str = ""


def begin(visit: Visit, provider: Provider, beginning: Beginning, browser: str) -> EidAttempt:
    """Remember that they went, so that they are known when they come back."""
    if visit.is_over:
        raise VisitChanged
    if queries.attempts_lately(visit) >= ATTEMPTS_PER_HOUR:
        raise TooManyAttempts
    attempt = EidAttempt(
        visit_id=visit.id,
        provider=provider.name,
        state_digest=digest_of(beginning.kept["state"]),
        browser_digest=digest_of(browser),
        kept=beginning.kept,
        reads=visit.reads,
        begun_at=clock.now(),
        expires_at=clock.now() + LIFE,
    )
    db.session.add(attempt)
    db.session.flush()
    publish(
        EidBegun(
            town_id=visit.town_id,
            visit_id=visit.id,
            attempt_id=attempt.id,
            provider=provider.name,
        )
    )
    return attempt


def take_back(provider: Provider, state: str, browser: str) -> Finding:
    """Find the attempt of this return and use it up, once. The caller commits before going on."""
    attempt = queries.attempt_of_state(digest_of(state))
    reason = _why_not(attempt, provider, browser)
    if attempt is None or reason:
        publish(EidRefused(town_id=current_town_id(), provider=provider.name, reason=reason))
        return Finding(None, {}, reason)
    kept = dict(attempt.kept)
    taken = db.session.execute(
        sa.update(EidAttempt)
        .where(EidAttempt.id == attempt.id, EidAttempt.state == AttemptState.BEGUN)
        .values(state=AttemptState.BACK, kept={})
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        publish(EidRefused(town_id=current_town_id(), provider=provider.name, reason="used"))
        return Finding(None, {}, "used")
    db.session.refresh(attempt)
    return Finding(attempt, kept)


def settle(attempt: EidAttempt, provider: Provider, outcome: Outcome) -> Ending:
    """What became of it. A level that we do not know is none."""
    ending, reason = outcome.ending, outcome.reason
    level = provider.levels.get(outcome.level)
    claims = outcome.claims
    if ending is Ending.IDENTIFIED and level is None:
        ending, reason = Ending.FAILED, "level"
    if ending is Ending.IDENTIFIED and not (claims.name or claims.document_number):
        ending, reason = Ending.FAILED, "nobody"
    if ending is Ending.IDENTIFIED:
        kind = DocumentKind(claims.document_kind) if claims.document_kind else None
        kept = documents.kept(
            attempt.visit.town, kind or DocumentKind.OTHER, claims.document_number
        )
        shown = documents.masked(
            kind or DocumentKind.OTHER, documents.plain(claims.document_number)
        )
        attempt.state = AttemptState.NAMED
        attempt.claims = {
            "level": level,
            "their_level": outcome.level,
            "name": claims.name,
            "kind": kind.value if kind else "",
            "shown": shown,
            "document": kept.text,
            "rule": kept.rule.value if kept.rule else "",
            "evidence": outcome.evidence,
        }
    else:
        attempt.state = AttemptState.ENDED
    db.session.flush()
    publish(
        EidEnded(
            town_id=attempt.town_id,
            visit_id=attempt.visit_id,
            attempt_id=attempt.id,
            provider=attempt.provider,
            ending=ending.value,
            reason=reason[:40],
        )
    )
    return ending


def confirm(attempt: EidAttempt, is_me: bool) -> Assurance | None:
    """The citizen says whether the name is theirs. Whatever they say, the claims are forgotten."""
    said = dict(attempt.claims)
    moved = db.session.execute(
        sa.update(EidAttempt)
        .where(EidAttempt.id == attempt.id, EidAttempt.state == AttemptState.NAMED)
        .values(state=AttemptState.ENDED, claims={})
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(attempt)
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        return None
    if attempt.visit.is_over:
        raise VisitChanged
    if not is_me:
        publish(
            EidEnded(
                town_id=attempt.town_id,
                visit_id=attempt.visit_id,
                attempt_id=attempt.id,
                provider=attempt.provider,
                ending=Ending.CANCELLED.value,
                reason="not_me",
            )
        )
        return None
    evidence = {"provider": attempt.provider, "level": said["their_level"], **said["evidence"]}
    return identify(
        attempt.visit,
        Method.EID,
        Level(said["level"]),
        evidence=evidence,
        identity=Identity(
            said["name"], DocumentKind(said["kind"]) if said["kind"] else None, _kept(said, attempt)
        ),
    )


def forget_attempts() -> None:
    """Those that nobody came back from, with whatever they still hold."""
    old = clock.now() - timedelta(hours=2)
    db.session.execute(
        sa.update(EidAttempt)
        .where(EidAttempt.expires_at < clock.now(), EidAttempt.state != AttemptState.ENDED)
        .values(state=AttemptState.ENDED, kept={}, claims={})
    )
    db.session.execute(sa.delete(EidAttempt).where(EidAttempt.expires_at < old))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _why_not(attempt: EidAttempt | None, provider: Provider, browser: str) -> str:
    if attempt is None:
        return "unknown"
    if attempt.provider != provider.name:
        return "provider"
    if not hmac.compare_digest(attempt.browser_digest, digest_of(browser)):
        return "browser"
    if attempt.state is not AttemptState.BEGUN:
        return "used"
    return "late" if attempt.is_expired else ""


def _kept(said: dict[str, str], attempt: EidAttempt) -> documents.Kept:
    if not said["rule"]:
        return documents.Kept(None)
    rule = DocumentRule(said["rule"])
    until = documents.last_day(attempt.visit.town) if rule is DocumentRule.FULL else None
    return documents.Kept(rule, said["document"], until)
