"""The invented province, written into a register: towns, procedures, clerks, their hours."""

from datetime import time

from schedule_province import AT_A_DISTANCE, GRID_MINUTES, PLACES, TRADES, Clerk, Place

from app.accounts import services as accounts
from app.accounts.models import Role
from app.core.db import db
from app.core.i18n import LANGUAGES
from app.schedule.models import Resource, ResourceKind, Shift, Skill
from app.towns.models import Office, Procedure, Town
from app.towns.tenant import town_of

POOL = "comarca"


def can_pool() -> bool:
    """Whether towns of this house can lend each other clerks."""
    return hasattr(Town, "pool")


def settle(staff: list[Clerk], is_pooled: bool) -> None:
    """Every town with its own clerks; pooled, they attend the others' people at a distance too."""
    towns = {place.slug: _town(place, is_pooled) for place in PLACES}
    offered = {slug: _procedures(town) for slug, town in towns.items()}
    for clerk in staff:
        home = clerk.place.slug
        with town_of(towns[home].id):
            resource = employ(clerk)
        for slug, town in towns.items():
            if slug == home or is_pooled:
                with town_of(town.id):
                    _learn(resource, clerk, offered[slug], is_near=slug == home)


def employ(clerk: Clerk) -> Resource:
    """Their account, and themselves with their hours, in the town spoken for."""
    account = accounts.employ(clerk.name, Role.CLERK, list(clerk.languages))
    resource = Resource(kind=ResourceKind.CLERK, name=clerk.name, account_id=account.id)
    db.session.add(resource)
    db.session.flush()
    for duty in clerk.duties:
        db.session.add(
            Shift(
                resource_id=resource.id,
                weekday=duty.weekday,
                starts=_wall(duty.starts),
                ends=_wall(duty.ends),
                channels=list(duty.channels),
            )
        )
    return resource


def _town(place: Place, is_pooled: bool) -> Town:
    town = Town(
        slug=place.slug,
        host=f"{place.slug}.localhost",
        name=place.slug.title(),
        languages=list(place.languages),
        dir3="L01990011",
        phone="+34 900 000 011",
        grid_minutes=GRID_MINUTES,
    )
    if is_pooled:
        town.pool = POOL
    db.session.add(town)
    db.session.flush()
    return town


def _procedures(town: Town) -> dict[str, Procedure]:
    with town_of(town.id):
        return offered_by(an_office())


def an_office() -> Office:
    office = Office(name=texts("Office"), address="Plaza, 1", phone="+34 900 000 011")
    db.session.add(office)
    db.session.flush()
    return office


def offered_by(office: Office) -> dict[str, Procedure]:
    """Every procedure of the province, in the town spoken for."""
    found = {
        trade.slug: Procedure(
            slug=trade.slug,
            minutes=dict.fromkeys(trade.channels, trade.minutes),
            office_id=office.id,
            name=texts(trade.slug),
            summary=texts(trade.slug),
        )
        for trade in TRADES
    }
    db.session.add_all(found.values())
    db.session.flush()
    return found


def _learn(resource: Resource, clerk: Clerk, offered: dict[str, Procedure], is_near: bool) -> None:
    for slug in clerk.skills:
        if is_near or set(offered[slug].channels) & set(AT_A_DISTANCE):
            db.session.add(Skill(resource_id=resource.id, procedure_id=offered[slug].id))
    db.session.flush()


def texts(word: str) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, word)


def _wall(minute: int) -> time:
    return time(minute // 60, minute % 60)
