"""Reading what a clerk asks for, and what a citizen answers."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from app.core.db import new_code
from app.requests.models import Kind, Way
from app.requests.queries import MOST_CENTS, Words, way_for
from app.requests.words import kind_name, way_name
from app.ui.forms import NO_CONTROLS, clean

MOST_FIELDS = 8
LINE = re.compile(r"^(?P<label>[^:]{1,80}):(?P<value>.{0,200})$")
AMOUNT = re.compile(r"^(?P<euros>\d{1,6})(?:[.,](?P<cents>\d{1,2}))?$")
# What needs no more than a sentence; papers, signatures and payments say more.
NEEDS_A_BODY = (Kind.TEXT, Kind.SIGN)


class AskForm(FlaskForm):
    """A request in the clerk's own words, or what is missing in one that the procedure defines."""

    kind = SelectField(_l("What do you ask for?"), default=Kind.PAPER.value)
    way = SelectField(_l("How?"), default="", validate_choice=False)
    title = StringField(
        _l("In one sentence, as the citizen reads it"),
        [
            InputRequired(_l("Write what you ask for.")),
            Length(max=200, message=_l("Write it shorter: up to 200 letters.")),
        ],
    )
    body = TextAreaField(
        _l("The whole text, or what helps to do it"),
        [Length(max=6000, message=_l("Write up to 6,000 characters."))],
    )
    lines = TextAreaField(_l("Data to confirm, one a line, as in Street: Carrer Major 4"))
    amount = StringField(_l("Amount in euros"))
    token = HiddenField(default=new_code, validators=[Length(min=8, max=64)])

    def __init__(self, *args: Any, kinds: list[Kind], ways: list[Way], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [(kind.value, kind_name(kind.value)) for kind in kinds]
        usual = ("", _("In the usual way"))
        self.way.choices = [usual, *((way.value, way_name(way.value)) for way in ways)]
        self.ways = ways
        self.pairs: list[tuple[str, str]] = []
        self.cents: int | None = None

    def validate_title(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if not field.data:
            raise ValidationError(_("Write what you ask for."))

    def validate_way(self, field: SelectField) -> None:
        if field.data not in ("", *self.ways):
            raise ValidationError(_("Choose one of the list."))

    def validate_body(self, field: TextAreaField) -> None:
        field.data = clean(field.data)
        if not field.data and self.kind.data in NEEDS_A_BODY:
            raise ValidationError(_("Write the text that the citizen accepts."))

    def validate_lines(self, field: TextAreaField) -> None:
        if self.kind.data != Kind.DATA:
            return
        written = [line.strip() for line in clean(field.data).splitlines() if line.strip()]
        found = [LINE.match(line) for line in written]
        if not written or not all(found):
            raise ValidationError(_("Write each line as in Street: Carrer Major 4."))
        if len(written) > MOST_FIELDS:
            raise ValidationError(_("Ask for at most eight data at once."))
        self.pairs = [(one["label"].strip(), one["value"].strip()) for one in found if one]

    def validate_amount(self, field: StringField) -> None:
        if self.kind.data != Kind.PAY:
            return
        found = AMOUNT.match((field.data or "").replace("€", "").strip())
        cents = (
            int(found["euros"]) * 100 + int((found["cents"] or "0").ljust(2, "0")) if found else 0
        )
        if not 0 < cents <= MOST_CENTS:
            raise ValidationError(_("Write an amount in euros, like 12,50."))
        self.cents = cents

    def words(self, language: str, *, version: str) -> Words:
        """What is asked; only ways that go with its kind."""
        kind = Kind(self.kind.data)
        return Words(
            kind=kind,
            language=language,
            title=self.title.data or "",
            body=self.body.data or "",
            way=way_for(kind, self.way.data or ""),
            fields=tuple(self.pairs),
            cents=self.cents,
            version=version,
        )


def values_of(sent: list[str], count: int) -> tuple[str, ...] | None:
    """Corrected data as it was typed: as many as were shown, none too long; else nothing."""
    values = tuple(" ".join(NO_CONTROLS.sub(" ", one).split()) for one in sent)
    if len(values) != count or any(len(one) > 200 for one in values):
        return None
    return values
