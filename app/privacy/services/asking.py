"""What somebody asks about their data, and what is answered."""

import calendar
from collections.abc import Mapping
from datetime import date
from typing import Any

from app.accounts import services as accounts
from app.accounts.models import Account
from app.booking import services as booking
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db
from app.core.events import publish
from app.privacy import queries
from app.privacy.errors import AlreadyDestroyed
from app.privacy.events import (
    DataDownloaded,
    DataSeen,
    PersonCorrected,
    RequestClosed,
    RequestReceived,
)
from app.privacy.holdings import Person
from app.privacy.models import (
    Blocking,
    BlockReason,
    DataRequest,
    HoldReason,
    RequestKind,
    RequestState,
)
from app.privacy.services.ending import block
from app.towns.models import Town
from app.towns.tenant import current_town_id


def open_access(account: Account | None, town: Town) -> DataRequest:
    """Somebody has shown who they are and sees what we hold. That is a request, answered."""
    opened = _written(RequestKind.ACCESS, account, town)
    _close(opened, RequestState.DONE, None)
    publish(DataSeen(town_id=current_town_id(), account_id=opened.account_id, by="person"))
    return opened


def receive(kind: RequestKind, account: Account | None, town: Town) -> DataRequest:
    """A request that came on paper or at the counter. It is to be answered within a month."""
    received = _written(kind, account, town)
    received.is_from_office = True
    _tell_received(received)
    return received


def answer(asked: DataRequest, state: RequestState, by: Account) -> None:
    """How it was answered; the answer itself is in the file of the town hall."""
    if not asked.is_open:
        return
    _close(asked, state, by)
    publish(
        RequestClosed(
            town_id=asked.town_id,
            account_id=asked.account_id,
            request=asked.code,
            state=state.value,
        )
    )


def correct(account: Account, town: Town, *, name: str, locale: str) -> None:
    """The person says how they are called and which language they read."""
    before = {"name": account.name, "locale": account.locale}
    changed = [key for key, old in before.items() if old != {"name": name, "locale": locale}[key]]
    if not changed:
        return
    accounts.correct(account, name=name, locale=locale)
    booking.correct(account.id, name=name, reads=locale)
    _close(_written(RequestKind.CORRECTION, account, town), RequestState.DONE, None)
    publish(
        PersonCorrected(
            town_id=account.town_id, account_id=account.id, fields=", ".join(sorted(changed))
        )
    )


def erase(account: Account, town: Town) -> Blocking:
    """The person asks for the end of it, and it begins at once: blocked, until its day."""
    asked = _written(RequestKind.ERASURE, account, town)
    _tell_received(asked)
    blocked = block(account, town, BlockReason.ASKED)
    _close(asked, RequestState.DONE, None)
    return blocked


def tell_download(opened: DataRequest, form: str) -> None:
    publish(DataDownloaded(town_id=opened.town_id, account_id=opened.account_id, form=form))


def look_at_blocked(
    blocked: Blocking, reason: HoldReason, reference: str
) -> Mapping[str, list[Mapping[str, Any]]]:
    """Past the block, for one of the few who may ask for it. It is written down with its reason."""
    account = None if blocked.is_destroyed else queries.blocked_account(blocked.person)
    if account is None:
        raise AlreadyDestroyed
    publish(
        DataSeen(
            town_id=blocked.town_id,
            account_id=blocked.person,
            by="staff",
            reason=reason.value,
            reference=reference,
        )
    )
    with sees_blocked():
        return queries.held_about(Person(account.id, account.phone or ""))


def month_from(day: date) -> date:
    """The same day of the next month, or its last (GDPR, article 12.3)."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return day.replace(
        year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1])
    )


def _written(kind: RequestKind, account: Account | None, town: Town) -> DataRequest:
    made = DataRequest(
        kind=kind,
        account_id=account.id if account else None,
        due_on=month_from(clock.today(town.time_zone)),
        received_at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    return made


def _close(asked: DataRequest, state: RequestState, by: Account | None) -> None:
    asked.state, asked.closed_at = state, clock.now()
    asked.closed_by_id = by.id if by else None


def _tell_received(received: DataRequest) -> None:
    publish(
        RequestReceived(
            town_id=received.town_id,
            account_id=received.account_id,
            request=received.code,
            kind=received.kind.value,
        )
    )
