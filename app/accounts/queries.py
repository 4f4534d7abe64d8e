"""Questions about people."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from app.accounts.errors import InvitationOver, PersonMissing
from app.accounts.models import Account, Invitation, Role
from app.core.db import db, first_or_none

STAFF = tuple(role for role in Role if role.is_staff)


def account(account_id: int) -> Account | None:
    """Of the town spoken for: the same number in another town is nobody."""
    found: Account | None = first_or_none(sa.select(Account).where(Account.id == account_id))
    return found


def citizen_of(phone: str) -> Account | None:
    found: Account | None = first_or_none(
        sa.select(Account).where(Account.phone == phone, Account.role == Role.CITIZEN)
    )
    return found


def staff() -> Sequence[Account]:
    roles = [role for role in Role if role.is_staff]
    question = sa.select(Account).where(Account.role.in_(roles), Account.is_active)
    return db.session.scalars(question.order_by(Account.role, Account.name)).all()


def everybody_of_the_staff() -> Sequence[Account]:
    """Also those who no longer work here, after the others."""
    question = sa.select(Account).where(Account.role.in_(STAFF))
    return db.session.scalars(
        question.order_by(Account.is_active.desc(), Account.role, Account.name)
    ).all()


def staff_or_404(code: str) -> Account:
    found: Account | None = first_or_none(
        sa.select(Account).where(Account.code == code, Account.role.in_(STAFF))
    )
    if found is None:
        raise PersonMissing
    return found


def open_invitation(token: str) -> Invitation:
    """The invitation that this link opens. A guessed one looks like a used one."""
    found: Invitation | None = first_or_none(
        sa.select(Invitation).where(Invitation.digest == digest_of(token))
    )
    if found is None or not found.is_open or not found.account.is_active:
        raise InvitationOver
    return found


def let_in_by(account_id: int, since: datetime) -> frozenset[int]:
    """That person, whoever gave them the link with which they got in since, and so on up.

    Each of those could have kept the link, so that one person may stand behind all of them.
    """
    question = sa.select(Invitation.account_id, Invitation.given_by_id).where(
        Invitation.used_at >= since, Invitation.given_by_id.is_not(None)
    )
    links = db.session.execute(question).all()
    found, waiting = {account_id}, [account_id]
    while waiting:
        person = waiting.pop()
        givers = {link.given_by_id for link in links if link.account_id == person} - found
        found |= givers
        waiting += givers
    return frozenset(found)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
