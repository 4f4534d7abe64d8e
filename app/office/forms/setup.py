"""What the first-run guide asks: a town, a place, procedures, people, hours, a test visit."""

import re
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, TelField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Length, ValidationError

from app.accounts.models import Role
from app.core.i18n import LANGUAGES
from app.core.phones import UnfitNumber, mobile
from app.office.forms import RuleForm
from app.office.forms.fields import CHANNELS, Day, Hour, Number, Several, Words
from app.office.words import REGIONS, day_name
from app.towns.models import Channel, Procedure, Town
from app.towns.queries import plain
from app.ui.forms import NO_CONTROLS, UNFIT

NAME_MISSING = _l("Write a name.")
LONGEST_TEXT = 160
TELEPHONE = re.compile(r"\+?[0-9 ]{9,17}")


class TownStartForm(FlaskForm):
    """What a town cannot be without, and who looks after it."""

    name = Words(_l("What is the town called?"), 80)
    main = RadioField(_l("In which language does the town hall speak first?"))
    others = Several(_l("In which others does it attend?"))
    region = SelectField(_l("Region whose holidays are kept"))
    phone = TelField(_l("Telephone of the town hall"), [Length(max=20)])
    person = Words(_l("Your name"), 80)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        spoken = [SelectChoice(one.slug, one.label) for one in LANGUAGES.values()]
        self.main.choices, self.others.choices = spoken, spoken
        self.region.choices = [("", _("None: only what the town writes")), *REGIONS.items()]

    def validate_name(self, field: Words) -> None:
        if not field.data:
            raise ValidationError(NAME_MISSING)
        if not self.slug:
            raise ValidationError(_("Write a name with letters: its address is made from it."))

    def validate_person(self, field: Words) -> None:
        if not field.data:
            raise ValidationError(NAME_MISSING)

    def validate_phone(self, field: TelField) -> None:
        field.data = " ".join((field.data or "").split())
        if not TELEPHONE.fullmatch(field.data):
            raise ValidationError(_("Write a telephone number with its nine digits."))

    @property
    def slug(self) -> str:
        """The name in its address: small letters and hyphens."""
        words = re.sub(r"[^a-z0-9]+", "-", plain(self.name.data or ""))
        return words.strip("-")[:40].strip("-")

    @property
    def languages(self) -> list[str]:
        others = [slug for slug in LANGUAGES if slug in (self.others.data or [])]
        return [self.main.data, *(slug for slug in others if slug != self.main.data)]


class OfficeForm(FlaskForm):
    """A place, with its name and hours in each of the town's languages."""

    address = Words(_l("Street and number"), 160)
    phone = TelField(_l("Telephone"), [Length(max=20)])

    def __init__(self, *args: Any, town: Town, **options: Any) -> None:
        super().__init__(*args, **options)
        self.slugs = [slug for slug in town.languages if slug in LANGUAGES]
        self.problem = ""

    def validate_address(self, field: Words) -> None:
        if not field.data:
            raise ValidationError(_("Write the street and the number."))

    def validate_phone(self, field: TelField) -> None:
        field.data = " ".join((field.data or "").split())
        if not TELEPHONE.fullmatch(field.data):
            raise ValidationError(_("Write a telephone number with its nine digits."))

    def validate(self, extra_validators: Any = None) -> bool:
        """The name in the first language is needed; the others fall back to it."""
        is_good = bool(super().validate(extra_validators))
        if not self.texts("name").get(self.slugs[0]):
            self.problem = _("Write a name.")
        return is_good and not self.problem

    def texts(self, name: str) -> dict[str, str]:
        typed = {
            slug: " ".join(NO_CONTROLS.sub(" ", request.form.get(f"{name}-{slug}", "")).split())
            for slug in self.slugs
        }
        return {slug: text[:LONGEST_TEXT] for slug, text in typed.items() if text}


class OfferForm(FlaskForm):
    """Which of the common procedures the town offers."""

    chosen = Several(_l("What is attended here?"))

    def validate_chosen(self, field: Several) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one."))


class InviteForm(FlaskForm):
    """Somebody more of the staff."""

    name = Words(_l("Name"), 80)
    role = RadioField(_l("What do they do?"), default=Role.CLERK.value)
    languages = Several(_l("Languages in which they attend"))
    procedures = Several(_l("What they attend"), coerce=int)

    def __init__(self, *args: Any, town: Town, procedures: list[Procedure], **options: Any) -> None:
        super().__init__(*args, **options)
        self.role.choices = [
            SelectChoice(Role.CLERK.value, _("They attend people")),
            SelectChoice(Role.SUPERVISOR.value, _("They attend and plan")),
            SelectChoice(Role.ADMINISTRATOR.value, _("They administer, and attend nobody")),
        ]
        known = [*town.languages, *(slug for slug in LANGUAGES if slug not in town.languages)]
        self.languages.choices = [(slug, LANGUAGES[slug].label) for slug in known]
        self.procedures.choices = [(one.id, one.name_in()) for one in procedures]
        if not self.is_submitted():
            self.languages.data = list(town.languages)
            self.procedures.data = [one.id for one in procedures]

    def validate_name(self, field: Words) -> None:
        if not field.data:
            raise ValidationError(NAME_MISSING)

    def validate_languages(self, field: Several) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one language."))


class WeekForm(FlaskForm):
    """The hours that everybody has who has none yet."""

    weekdays = Several(_l("Days of the week"), coerce=int)
    starts = Hour(_l("From"))
    ends = Hour(_l("Until"))
    channels = Several(_l("Ways of attending"), choices=CHANNELS)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.weekdays.choices = [(number, day_name(number)) for number in range(7)]
        if not self.is_submitted():
            self.weekdays.data = list(range(5))
            self.channels.data = [one.value for one in Channel]

    def validate_weekdays(self, field: Several) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one day of the week."))

    def refuse(self, field: str, text: str) -> None:
        found = self._fields.get(field, self.starts)
        found.errors = [*found.errors, text]


class TryForm(FlaskForm):
    """Whose telephone the messages of the test visit go to."""

    phone = TelField(_l("Your mobile number"))
    number = ""

    def validate_phone(self, field: TelField) -> None:
        try:
            self.number = mobile((field.data or "").strip())
        except UnfitNumber as error:
            raise ValidationError(UNFIT[error.reason]) from error


class FileForm(RuleForm):
    """The file of a town: it is read from the request, not from a field."""


class CopyWeekForm(RuleForm):
    """From which week to which, and how many."""

    week = Day(_l("A day of the week to copy"))
    to = Day(_l("A day of the first week that becomes like it"))
    weeks = Number(_l("How many weeks"), default=1)

    def validate_weeks(self, field: Number) -> None:
        if field.data is not None and not 1 <= field.data <= 26:
            raise ValidationError(
                _("Write a number between %(least)s and %(most)s.", least=1, most=26)
            )
