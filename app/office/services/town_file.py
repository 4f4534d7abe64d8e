"""Doing what the file of a town says: all of it or nothing, and each mistake with its line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from app.accounts import queries as people
from app.accounts import services as accounts
from app.accounts.models import Account, Role
from app.core import clock
from app.core.db import db, first_or_none
from app.core.errors import Refusal
from app.core.i18n import LANGUAGES
from app.office.town_file import Change, Draft, Fault, changes, document, shape
from app.office.town_file.reading import Path
from app.office.town_file.shape import Shape, plain
from app.office.town_file.writing import named
from app.schedule import queries as schedule
from app.schedule import services as time
from app.schedule.models import Resource, ResourceKind
from app.schedule.services import Hours
from app.towns import queries as towns_queries
from app.towns import services as towns
from app.towns.models import Office, Procedure, Town
from app.towns.tenant import town_of

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
ACCENTS = ("teal", "red", "blue", "green", "violet")
NUMBER = re.compile(r" #\d+$")


class NotApplied(Exception):
    """The file asks for what the rules do not allow. Nothing was done."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.line)


@dataclass(frozen=True)
class FileLook:
    """What a file would do, tried out and taken back."""

    changes: list[Change]
    faults: list[Fault]
    is_new: bool = False


def look_at_file(draft: Draft) -> FileLook:
    """Try it, compare, and take it all back."""
    if draft.faults:
        return FileLook([], sorted(draft.faults, key=lambda fault: fault.line))
    town = town_named(draft)
    before = _document(town) if town else None
    savepoint = db.session.begin_nested()
    try:
        made = load(draft)
        return FileLook(changes(before, _document(made)), [], town is None)
    except NotApplied as refusal:
        return FileLook([], refusal.faults, town is None)
    finally:
        if savepoint.is_active:
            savepoint.rollback()
        db.session.expire_all()


def town_named(draft: Draft) -> Town | None:
    """The town of that file, when it is here already."""
    slug = draft.values["town"].get("slug")
    town: Town | None = first_or_none(sa.select(Town).where(Town.slug == slug))
    return town


def load(draft: Draft) -> Town:
    """Make the town as the file says. Raises NotApplied with every mistake that was found."""
    loading = _Loading(draft)
    town = loading.town()
    if loading.faults:
        raise NotApplied(loading.faults)
    with town_of(town.id):
        loading.everything(town)
    if loading.faults:
        raise NotApplied(loading.faults)
    return town


def _document(town: Town) -> dict[str, Any]:
    with town_of(town.id):
        return document(town)


class _Loading:
    """One pass over a file: what was refused is remembered with its line, and the rest goes on."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.values = draft, draft.values
        self.faults: list[Fault] = []

    @contextmanager
    def at(self, *path: str | int) -> Iterator[None]:
        """What is refused inside was asked for in that line."""
        try:
            with db.session.begin_nested():
                yield
        except Refusal as refusal:
            field = getattr(refusal, "field", "")
            self.blame(str(refusal), *path, *([field] if field else []))
        except (ValueError, TypeError, KeyError, sa.exc.IntegrityError):
            self.blame(_("One of the values here cannot be."), *path)

    def blame(self, text: str, *path: str | int) -> None:
        self.faults.append(Fault(self.draft.line_of(*path), text))

    def town(self) -> Town:
        row = self.values["town"]
        self._refuse_odd_town(row)
        town = town_named(self.draft)
        fields = _fields(shape.TOWN, row)
        if self.faults:
            return town or Town()
        with self.at("town"):
            if town is None:
                town = Town(**fields, host=f"{fields['slug']}.{current_app.config['DOMAIN']}")
                db.session.add(town)
                db.session.flush()
            with town_of(town.id):
                towns.change_town(town, **fields)
        return town or Town()

    def _refuse_odd_town(self, row: dict[str, Any]) -> None:
        if not SLUG.fullmatch(row["slug"]):
            self.blame(_("Write small letters, digits and hyphens."), "town", "slug")
        if not row["languages"] or set(row["languages"]) - set(LANGUAGES):
            known = ", ".join(LANGUAGES)
            self.blame(_("Languages are: %(known)s.", known=known), "town", "languages")
        if row.get("accent", "teal") not in ACCENTS:
            known = ", ".join(ACCENTS)
            self.blame(_("Colours are: %(known)s.", known=known), "town", "accent")
        try:
            ZoneInfo(row.get("time_zone", "Europe/Madrid"))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.blame(_("There is no such time zone."), "town", "time_zone")

    def everything(self, town: Town) -> None:
        self.today = clock.today(town.time_zone)
        self.offices = {one.slug: one for one in towns_queries.offices()}
        for n, row in enumerate(self.values["offices"]):
            with self.at("offices", n):
                self.office(row)
        for n, row in enumerate(self.values["procedures"]):
            with self.at("procedures", n):
                self.procedure(row)
        with self.at("closures"):
            self.forget_days()
        for n, row in enumerate(self.values["closures"]):
            with self.at("closures", n):
                self.closure(row)
        with self.at("seasons"):
            self.seasons()
        self.accounts = self.staff()
        for n, row in enumerate(self.values["people"]):
            with self.at("people", n):
                self.person(row)
        self.procedures = {one.slug: one for one in towns_queries.procedures()}
        resources = schedule.resources()
        names = named(resources, lambda one: one.kind.value)
        self.resources = {(one.kind.value, names[one.id]): one for one in resources}
        order = sorted(
            enumerate(self.values["resources"]), key=lambda pair: pair[1].get("kind") != "desk"
        )
        for n, row in order:
            with self.at("resources", n):
                self.resource(row, ("resources", n))

    def office(self, row: dict[str, Any]) -> None:
        fields = _fields(shape.OFFICE, row)
        known = self.offices.get(row["slug"])
        if known:
            towns.change_office(known, **fields)
        else:
            self.offices[row["slug"]] = towns.add_office(**fields)

    def place(self, row: dict[str, Any]) -> Office | None:
        return self.offices.get(row["office"]) if "office" in row else None

    def procedure(self, row: dict[str, Any]) -> None:
        fields = _fields(shape.PROCEDURE, row)
        office = self.offices[row["office"]]
        known: Procedure | None = first_or_none(
            sa.select(Procedure).where(Procedure.slug == row["slug"])
        )
        if known is None:
            known = towns.add_procedure(
                office, **{name: value for name, value in fields.items() if name != "position"}
            )
        towns.change_procedure(known, **fields, office_id=office.id)

    def forget_days(self) -> None:
        """Closed days to come that are not in the file are as usual again."""
        slugs = {one.id: one.slug for one in self.offices.values()}
        wanted = {
            (row["day"], row.get("office"), row.get("is_open", False), row.get("reason", ""))
            for row in self.values["closures"]
        }
        for one in towns_queries.closures():
            office = slugs.get(one.office_id) if one.office_id else None
            if one.day >= self.today and (one.day, office, one.is_open, one.reason) not in wanted:
                towns.forget_day(one)

    def closure(self, row: dict[str, Any]) -> None:
        office = self.place(row)
        here = (row["day"], office.id if office else None)
        if row["day"] < self.today or any(
            (one.day, one.office_id) == here for one in towns_queries.closures()
        ):
            return
        towns.set_day(
            row["day"],
            row.get("reason", ""),
            office=office,
            today=self.today,
            is_open=row.get("is_open", False),
        )

    def seasons(self) -> None:
        slugs = {one.id: one.slug for one in self.offices.values()}
        there = [
            {**_plain(shape.SEASON, one), "office": slugs.get(one.office_id or 0)}
            for one in towns_queries.seasons()
        ]
        wanted = [
            {**_full(shape.SEASON, row), "office": row.get("office")}
            for row in self.values["seasons"]
        ]
        if sorted(map(repr, there)) == sorted(map(repr, wanted)):
            return
        for one in towns_queries.seasons():
            towns.forget_season(one)
        for n, row in enumerate(self.values["seasons"]):
            with self.at("seasons", n):
                towns.add_season(**_fields(shape.SEASON, row), office=self.place(row))

    def staff(self) -> dict[tuple[str, str], Account]:
        everybody = people.everybody_of_the_staff()
        names = named(everybody, lambda one: one.role.value)
        return {(one.role.value, names[one.id]): one for one in everybody}

    def person(self, row: dict[str, Any]) -> None:
        fields = _fields(shape.PERSON, row)
        role, is_active = Role(fields.pop("role")), fields.pop("is_active")
        if not role.is_staff:
            self.blame(_("Only people of the town hall stand in the file."), "people")
            return
        key = (role.value, row["name"])
        account = self.accounts.get(key)
        if account is None:
            name = NUMBER.sub("", row["name"])
            account = accounts.employ(name, role, fields["languages"], fields["locale"])
            self.accounts[key] = account
        account.locale = fields["locale"]
        accounts.speak(account, fields["languages"])
        (accounts.reactivate if is_active else accounts.deactivate)(account)

    def resource(self, row: dict[str, Any], path: Path) -> None:
        fields = _fields(shape.RESOURCE, row)
        kind, key = ResourceKind(fields.pop("kind")), (row["kind"], row["name"])
        fields["name"] = NUMBER.sub("", row["name"])
        resource = self.resources.get(key)
        if resource is None:
            resource = time.add_resource(kind, fields["name"])
            self.resources[key] = resource
        office, desk = self.place(row), self.resources.get(("desk", row.get("desk", "")))
        person = next(
            (one for (_role, name), one in self.accounts.items() if name == row.get("person")), None
        )
        time.change_resource(
            resource,
            **fields,
            office_id=office.id if office else None,
            desk_id=desk.id if desk else None,
            account_id=person.id if person else None,
        )
        time.set_skills(resource, [self.procedures[slug].id for slug in row["skills"]])
        self.shifts(resource, row["shifts"], path)
        self.days(resource, row["days"], path)

    def shifts(self, resource: Resource, rows: list[dict[str, Any]], path: Path) -> None:
        there = [_plain(shape.SHIFT, one) for one in schedule.shifts_of(resource.id)]
        wanted = [_full(shape.SHIFT, row) for row in rows]
        if sorted(map(repr, there)) == sorted(map(repr, wanted)):
            return
        for one in schedule.shifts_of(resource.id):
            time.forget_shift(one)
        for n, row in enumerate(wanted):
            with self.at(*path, "shifts", n):
                if not 0 <= row["weekday"] <= 6:
                    raise ValueError("a week has seven days")
                time.add_shifts(resource, [row.pop("weekday")], _hours(row))

    def days(self, resource: Resource, rows: list[dict[str, Any]], path: Path) -> None:
        wanted: dict[Any, list[dict[str, Any]]] = {}
        for row in rows:
            if row["day"] >= self.today:
                wanted.setdefault(row["day"], []).append(_full(shape.DAY, row))
        there: dict[Any, list[dict[str, Any]]] = {}
        for one in schedule.exceptions_of(resource.id, self.today):
            there.setdefault(one.day, []).append(_plain(shape.DAY, one))
        for day in there.keys() - wanted.keys():
            time.forget_day(resource, day)
        for day, some in wanted.items():
            if sorted(map(repr, some)) == sorted(map(repr, there.get(day, []))):
                continue
            windows = [_hours(one) for one in some if one.get("starts") is not None]
            with self.at(*path, "days"):
                time.set_day(resource, day, windows, some[0].get("reason") or "", today=self.today)


def _hours(row: dict[str, Any]) -> Hours:
    return Hours(
        row["starts"],
        row["ends"],
        tuple(row["channels"]),
        row["is_public"],
        row["on_closed_days"],
        row.get("valid_from"),
        row.get("valid_to"),
    )


def _full(of: Shape, row: dict[str, Any]) -> dict[str, Any]:
    """Every value of a row of the file, those that are as usual too."""
    return {name: row.get(name, plain(shape.default_of(of, name))) for name in of.columns}


def _plain(of: Shape, row: Any) -> dict[str, Any]:
    return {name: plain(getattr(row, name)) for name in of.columns}


def _fields(of: Shape, row: dict[str, Any]) -> dict[str, Any]:
    """The same as the register takes them."""
    return {
        name: of.columns[name].words(value) if of.columns[name].words and value else value  # type: ignore[misc]
        for name, value in _full(of, row).items()
    }
