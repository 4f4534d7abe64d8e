"""Errands about people."""

import secrets
from datetime import timedelta

from flask import current_app

from app.accounts.events import StaffInvited
from app.accounts.models import Account, Invitation, Role
from app.accounts.queries import citizen_of, digest_of
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.towns.events import RuleChanged


def know_citizen(phone: str, locale: str, name: str = "") -> Account:
    """The citizen with that telephone; somebody new is written down."""
    citizen = citizen_of(phone)
    if citizen is None:
        citizen = Account(role=Role.CITIZEN, phone=phone, locale=locale, name=name)
        db.session.add(citizen)
    citizen.locale = locale
    citizen.name = name or citizen.name
    citizen.last_seen_at = clock.now()
    db.session.flush()
    return citizen


def employ(name: str, role: Role, languages: list[str], locale: str | None = None) -> Account:
    """Write down a person of the staff. They get in with an invitation, never with a password."""
    account = Account(
        name=name, role=role, languages=languages, locale=locale or (languages or ["es"])[0]
    )
    db.session.add(account)
    db.session.flush()
    return account


def invite(account: Account) -> str:
    """A one-time token for the link. It is shown once and cannot be read back."""
    token = secrets.token_urlsafe(24)
    life = timedelta(hours=float(current_app.config["INVITATION_HOURS"]))
    db.session.add(
        Invitation(account_id=account.id, digest=digest_of(token), expires_at=clock.now() + life)
    )
    publish(StaffInvited(town_id=account.town_id, account_id=account.id, role=account.role.value))
    return token


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
