"""Reading what somebody looks for in the archive, why they look, and for how long it is kept."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import RadioField, StringField
from wtforms.validators import ValidationError

from app.archive.models import HoldReason
from app.archive.queries import Search, State
from app.archive.terms import MOST_BLOCKED, TERMS
from app.archive.words import hold_reason_name, look_reason_name
from app.core import clock
from app.core.db import CODE_LETTERS
from app.towns.models import Town

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 /.-]{0,39}")
VISIT = re.compile(rf"[{CODE_LETTERS}]{{12}}")
HOLDERS = tuple(reason.value for reason in HoldReason)
LOOKERS = ("person", "check", *HOLDERS)


@dataclass
class SearchForm:
    """What was typed, and what is wrong with it."""

    state: str = ""
    purpose: str = ""
    visit: str = ""
    since: str = ""
    until: str = ""
    page: int = 1
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: MultiDict[str, str]) -> "SearchForm":
        form = cls()
        for name in ("state", "purpose", "visit", "since", "until"):
            setattr(form, name, " ".join(sent.get(name, "").split())[:40])
        page = sent.get("page", "1")
        form.page = int(page) if re.fullmatch(r"[1-9][0-9]{0,5}", page) else 1
        if form.state not in ("", *(state.value for state in State)):
            form.state = ""
        if form.purpose not in ("", *TERMS):
            form.purpose = ""
        form.visit = form.visit.lower()
        if form.visit and not VISIT.fullmatch(form.visit):
            form.errors["visit"] = _("Write the code of the visit: twelve letters and figures.")
        for name in ("since", "until"):
            if getattr(form, name) and clock.day_of(getattr(form, name)) is None:
                form.errors[name] = _("Write the day like 2026-11-26.")
        if not form.errors and form.since and form.until and form.since > form.until:
            form.errors["until"] = _("The last day is before the first one.")
        return form

    @property
    def link(self) -> dict[str, Any]:
        """The same search, as it stands in an address."""
        names = ("state", "purpose", "visit", "since", "until")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def search(self, town: Town) -> Search:
        since, until = clock.day_of(self.since), clock.day_of(self.until)
        return Search(
            state=State(self.state) if self.state else None,
            purpose=self.purpose,
            owner=f"visit:{self.visit}" if self.visit else "",
            since=clock.midnight(since, town.zone) if since else None,
            until=clock.midnight(until + timedelta(days=1), town.zone) if until else None,
        )


class ConfirmForm(FlaskForm):
    """Nothing but the proof that it came from our page."""


class HoldForm(FlaskForm):
    """Who needs it kept, and under which reference."""

    reason = RadioField(_l("Who needs it"), validate_choice=False)
    reference = StringField(_l("Reference of the file"))
    words: tuple[str, ...] = HOLDERS
    say = staticmethod(hold_reason_name)

    def __init__(self, *args: object, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.reason.choices = [(one, self.say(one)) for one in self.words]

    def validate_reason(self, field: RadioField) -> None:
        if field.data not in self.words:
            raise ValidationError(_l("Choose who needs it."))

    def validate_reference(self, field: StringField) -> None:
        field.data = (field.data or "").strip()
        if not REFERENCE.fullmatch(field.data):
            raise ValidationError(
                _l("Write its reference, like DP 123/2026: letters, figures, space, / . and -.")
            )


class LookForm(HoldForm):
    """Why somebody opens a file. What is blocked opens only for whom the law names."""

    words = LOOKERS
    say = staticmethod(look_reason_name)

    def __init__(self, *args: object, is_blocked: bool = False, **kwargs: Any):
        if is_blocked:
            self.words = HOLDERS
        super().__init__(*args, **kwargs)

    @property
    def why(self) -> str:
        """As the record says it."""
        return f"{self.reason.data}: {self.reference.data}"


def terms_sent(sent: Any) -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    """The days of each purpose as they were typed, and what is wrong with them."""
    found: dict[str, tuple[int, int]] = {}
    errors: dict[str, str] = {}
    for purpose, term in TERMS.items():
        days, blocked = (_number(sent.get(name, "")) for name in (purpose, f"{purpose}-blocked"))
        if days is None or not term.least <= days <= term.most:
            errors[purpose] = _(
                "Write a number of days from %(least)s to %(most)s.",
                least=term.least,
                most=term.most,
            )
        if blocked is None or not 1 <= blocked <= MOST_BLOCKED:
            errors[f"{purpose}-blocked"] = _(
                "Write a number of days from %(least)s to %(most)s.", least=1, most=MOST_BLOCKED
            )
        if days is not None and blocked is not None:
            found[purpose] = (days, blocked)
    return found, errors


def _number(typed: str) -> int | None:
    text = typed.strip()
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None
