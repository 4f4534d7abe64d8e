"""Reading what is written of a procedure: its name, its texts in one language, its lists."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from app.office.forms import RuleForm
from app.office.forms.fields import Number
from app.office.queries.editing import Slot
from app.requests.models import Kind, Way
from app.requests.queries import MOST_CENTS, way_for
from app.requests.words import kind_name, way_name
from app.towns.models import Channel, Procedure
from app.ui.forms import NO_CONTROLS, clean

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
TOO_LONG = _l("Write it shorter: up to %(most)s letters.", most=2000)
MOST_LINES = 40
LISTS = ("papers", "outcomes", "steps", "phrases", "looks")


class Written(TextAreaField):
    """A text of several lines, without what cannot be seen."""

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label, [Length(max=2000, message=TOO_LONG)], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = clean(valuelist[0] if valuelist else "")


def texts_form(slots: list[Slot], slug: str, **options: Any) -> RuleForm:
    """A field for each text of a procedure, in one language."""
    fields = {slot.field: Written(slot.label) for slot in slots}
    data = {slot.field: slot.texts.get(slug, "") for slot in slots}
    kind: type[RuleForm] = type("TextsForm", (RuleForm,), fields)
    return kind(data=data, **options)


class ListsForm(RuleForm):
    """Papers, results and the script: a line for each, in the first language of the town."""

    papers = Written(_l("Papers to have at hand, one a line"))
    outcomes = Written(_l("Results that a visit can have, one a line"))
    steps = Written(_l("Steps that the clerk ticks, one a line"))
    phrases = Written(_l("Phrases to read aloud, one a line"))
    looks = Written(_l("Papers that the clerk looks at, one a line"))

    def validate(self, extra_validators: Any = None) -> bool:
        is_good = bool(super().validate(extra_validators))
        for name in LISTS:
            written = self.lines_of(name)
            if len(written) > MOST_LINES:
                self[name].errors = [_("Write at most %(most)s lines.", most=MOST_LINES)]
                is_good = False
            elif len(set(written)) < len(written):
                self[name].errors = [_("The same line stands there twice. Keep one.")]
                is_good = False
        return is_good

    def lines_of(self, name: str) -> list[str]:
        found = (self[name].data or "").splitlines()
        return [" ".join(line.split()) for line in found if line.strip()]

    @property
    def lines(self) -> dict[str, list[str]]:
        return {name: self.lines_of(name) for name in LISTS}


class NewProcedureForm(RuleForm):
    """One of the catalogue, or one of the town's own."""

    source = SelectField(_l("Begin with"))
    office = SelectField(_l("Which office does it?"), coerce=int)
    name = StringField(_l("Its name, in the first language of the town"))
    slug = StringField(_l("Its name in addresses"))
    minutes = Number(_l("Minutes it takes"), is_needed=False)

    @property
    def is_blank(self) -> bool:
        return not self.source.data

    def validate_name(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if self.is_blank and not field.data:
            raise ValidationError(_("Write a name."))
        if len(field.data) > 200:
            raise ValidationError(_("Write it shorter: up to %(most)s letters.", most=200))

    def validate_slug(self, field: StringField) -> None:
        if self.is_blank and (not SLUG.match(field.data or "") or len(field.data or "") > 60):
            raise ValidationError(_("Use small letters without accents, digits and hyphens."))

    def validate_minutes(self, field: Number) -> None:
        if self.is_blank and not (field.data and 5 <= field.data <= 480):
            raise ValidationError(
                _("Write a number between %(least)s and %(most)s.", least=5, most=480)
            )

    def columns(self, slug: str) -> dict[str, Any]:
        """A blank one: its name, and how long it takes in every way of attending."""
        return {
            "slug": self.slug.data,
            "name": {slug: self.name.data},
            "summary": {},
            "minutes": {channel.value: self.minutes.data for channel in Channel},
        }


class RequestForm(RuleForm):
    """One thing that clerks may ask for with one press, in the first language of the town."""

    kind = SelectField(_l("What do they ask for?"))
    way = SelectField(_l("How?"), default="", validate_choice=False)
    title = StringField(_l("In one sentence, as the citizen reads it"))
    body = Written(_l("The whole text, or what helps to do it"))
    labels = Written(_l("Data to confirm, one a line"))
    euros = StringField(_l("Amount in euros, if it is always the same"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind.choices = [(kind.value, kind_name(kind.value)) for kind in Kind]
        usual = ("", _("In the usual way"))
        self.way.choices = [usual, *((way.value, way_name(way.value)) for way in Way)]
        self.cents: int | None = None

    def validate_title(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if not field.data:
            raise ValidationError(_("Write what you ask for."))
        if len(field.data) > 200:
            raise ValidationError(_("Write it shorter: up to %(most)s letters.", most=200))

    def validate_body(self, field: Written) -> None:
        if not field.data and self.kind.data in (Kind.TEXT, Kind.SIGN):
            raise ValidationError(_("Write the text that the citizen accepts."))

    def validate_labels(self, field: Written) -> None:
        count = len((field.data or "").splitlines())
        if self.kind.data == Kind.DATA and not 1 <= count <= 8:
            raise ValidationError(_("Write between one and eight data, one a line."))

    def validate_euros(self, field: StringField) -> None:
        typed = (field.data or "").replace("€", "").replace(",", ".").strip()
        if not typed or self.kind.data != Kind.PAY:
            return
        if not re.fullmatch(r"\d{1,6}(\.\d{1,2})?", typed):
            raise ValidationError(_("Write an amount in euros, like 12,50."))
        self.cents = round(float(typed) * 100)
        if not 0 < self.cents <= MOST_CENTS:
            raise ValidationError(_("Write an amount in euros, like 12,50."))

    def item(self, key: str, slug: str) -> dict[str, Any]:
        """As it stands in the procedure."""
        kind = Kind(self.kind.data)
        way = way_for(kind, self.way.data or "")
        found: dict[str, Any] = {"key": key, "kind": kind.value, "title": {slug: self.title.data}}
        if way:
            found["way"] = way.value
        if self.body.data:
            found["body"] = {slug: self.body.data}
        if kind is Kind.DATA:
            lines = (self.labels.data or "").splitlines()
            found["fields"] = [{"label": {slug: line.strip()}} for line in lines if line.strip()]
        if self.cents:
            found["cents"] = self.cents
        return found


def values_of_lists(procedure: Procedure, lines: dict[str, str]) -> dict[str, Any]:
    """What the form of the lists shows."""
    return {name: lines[name] for name in LISTS}
