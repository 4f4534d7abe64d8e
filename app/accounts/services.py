"""Errands about people."""

import secrets
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app

from app.accounts.events import (
    PhoneChanged,
    PhoneReleased,
    RecoveryOffered,
    StaffDeactivated,
    StaffInvited,
    StaffReactivated,
)
from app.accounts.models import Account, Invitation, Role
from app.accounts.queries import citizen_of, digest_of
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.towns import services as towns
from app.towns.events import RuleChanged


def know_citizen(phone: str, locale: str, name: str = "") -> Account:
    """The citizen with that telephone; somebody new is written down."""
    towns.take_turns()  # their row is changed also in the turn of whoever books for them
    citizen = citizen_of(phone)
    if citizen is None:
        citizen = Account(role=Role.CITIZEN, phone=phone, locale=locale, name=name)
        db.session.add(citizen)
    citizen.locale = locale
    citizen.name = name or citizen.name
    citizen.last_seen_at = clock.now()
    db.session.flush()
    return citizen


def confirm_citizen(phone: str, locale: str, name: str = "") -> Account:
    """The citizen who has just shown that this telephone is theirs.

    A number that was silent for long may have another owner by now: then it is somebody new, and
    nothing of the person before is theirs to see.
    """
    towns.take_turns()
    known = citizen_of(phone)
    if known and _has_been_silent(known):
        release_phone(known, why="silent")
    citizen = know_citizen(phone, locale, name)
    citizen.phone_confirmed_at = clock.now()
    return citizen


def is_phone_fresh(citizen: Account) -> bool:
    """Whether the number was shown lately enough to be believed without another code."""
    return bool(citizen.phone) and not _has_been_silent(citizen)


def start_afresh(citizen: Account) -> Account:
    """The number has a new owner, who says so: from here on it leads to somebody new."""
    phone, locale = str(citizen.phone), citizen.locale
    release_phone(citizen, why="given up")
    return confirm_citizen(phone, locale)


def give_phone(citizen: Account, phone: str) -> None:
    """A number just shown by somebody whom we know by a passkey becomes theirs."""
    towns.take_turns()
    other = citizen_of(phone)
    if other and other.id != citizen.id:
        release_phone(other, why="moved")
    before = citizen.phone or ""
    citizen.phone, citizen.phone_confirmed_at = phone, clock.now()
    db.session.flush()
    if before != phone:
        publish(PhoneChanged(town_id=citizen.town_id, account_id=citizen.id, before=before))


def release_phone(citizen: Account, *, why: str) -> None:
    """The number leads to this person no more. Their visits stay theirs."""
    towns.take_turns()
    citizen.phone = None
    db.session.flush()
    publish(PhoneReleased(town_id=citizen.town_id, account_id=citizen.id, why=why))


def _has_been_silent(citizen: Account) -> bool:
    trust = timedelta(days=float(current_app.config["PHONE_TRUST_DAYS"]))
    return (citizen.phone_confirmed_at or citizen.created_at) < clock.now() - trust


def employ(name: str, role: Role, languages: list[str], locale: str | None = None) -> Account:
    """Write down a person of the staff. They get in with an invitation, never with a password."""
    account = Account(
        name=name, role=role, languages=languages, locale=locale or (languages or ["es"])[0]
    )
    db.session.add(account)
    db.session.flush()
    return account


def invite(account: Account, by: Account | None = None) -> str:
    """A one-time token for the link. It is shown once and cannot be read back."""
    token = _new_link(account, by, is_recovery=False)
    publish(StaffInvited(town_id=account.town_id, account_id=account.id, role=account.role.value))
    return token


def offer_recovery(account: Account, by: Account | None = None, *, reason: str = "") -> str:
    """A one-time token for somebody who lost every passkey. Links given before are over.

    Whoever gives it has made sure who the person is; `reason` says how.
    """
    db.session.execute(
        sa.update(Invitation)
        .where(Invitation.account_id == account.id, Invitation.used_at.is_(None))
        .values(expires_at=clock.now())
    )
    token = _new_link(account, by, is_recovery=True)
    publish(RecoveryOffered(town_id=account.town_id, account_id=account.id, reason=reason))
    return token


def deactivate(person: Account) -> None:
    """They no longer work here. Whoever hears it closes their sessions; nothing is erased."""
    if person.is_active:
        person.is_active = False
        publish(StaffDeactivated(town_id=person.town_id, account_id=person.id))


def reactivate(person: Account) -> None:
    if not person.is_active:
        person.is_active = True
        publish(StaffReactivated(town_id=person.town_id, account_id=person.id))


def _new_link(account: Account, by: Account | None, *, is_recovery: bool) -> str:
    token = secrets.token_urlsafe(24)
    life = timedelta(hours=float(current_app.config["INVITATION_HOURS"]))
    db.session.add(
        Invitation(
            account_id=account.id,
            digest=digest_of(token),
            expires_at=clock.now() + life,
            is_recovery=is_recovery,
            given_by_id=by.id if by else None,
        )
    )
    db.session.flush()
    return token


def correct(account: Account, *, name: str, locale: str) -> None:
    """What a person says about themselves is what we write down."""
    account.name, account.locale = name, locale
    db.session.flush()


def speak(account: Account, languages: list[str]) -> None:
    """The languages in which this person attends."""
    if account.languages == languages:
        return
    account.languages = languages
    db.session.flush()
    _tell("languages_changed", account)


def rename(account: Account, name: str) -> None:
    """How this person is called on every screen."""
    if account.name == name:
        return
    account.name = name
    db.session.flush()
    _tell("name_changed", account)


def _tell(rule: str, account: Account) -> None:
    publish(RuleChanged(town_id=account.town_id, rule=rule, about=account.name))
