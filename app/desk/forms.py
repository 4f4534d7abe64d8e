"""What a clerk writes down: how a visit ended, whom it is for, why something changes."""

import re
from collections.abc import Collection, Sequence
from datetime import time
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.booking.models import Need, OfficeReason, PriorityReason
from app.booking.words import need_name, office_reason, priority_name
from app.core.phones import UnfitNumber, mobile
from app.towns.models import Channel
from app.towns.words import channel_name
from app.ui.forms import NO_CONTROLS, UNFIT

LONG = Length(max=2000, message=_l("Write up to 2,000 characters."))
OWN_WORDS = "own"


class OutcomeForm(FlaskForm):
    """How the visit ended, and what the citizen should read about it afterwards."""

    ended = RadioField(
        _l("How did it end?"),
        choices=[
            SelectChoice("served", _l("Done")),
            SelectChoice("no_show", _l("Did not come")),
        ],
        default="served",
    )
    outcome_code = SelectField(_l("Result"), choices=[], default="", validate_choice=True)
    outcome = TextAreaField(_l("What was done"), validators=[LONG])
    next_steps = TextAreaField(_l("What the citizen has to do now"), validators=[LONG])
    note = TextAreaField(_l("Note for the office"), validators=[LONG])

    def offer(self, outcomes: dict[str, str]) -> "OutcomeForm":
        """The results of its procedure, and none yet."""
        none = SelectChoice("", _l("Not said yet"))
        self.outcome_code.choices = [none, *(SelectChoice(*one) for one in outcomes.items())]
        return self


class PersonForm(FlaskForm):
    """Whom a visit is for: a name, and a mobile number unless they come in person."""

    name = StringField(_l("Name"))
    phone = TelField(_l("Mobile number"))
    token = HiddenField(validators=[Length(min=16, max=64)])

    def __init__(
        self, *args: Any, countries: Collection[str], needs_phone: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.countries, self.needs_phone = countries, needs_phone
        self.number = ""

    def validate_phone(self, field: TelField) -> None:
        typed = (field.data or "").strip()
        if not typed:
            if self.needs_phone:
                raise ValidationError(_l("Write their mobile number: the link goes there by SMS."))
            return
        try:
            self.number = mobile(typed, self.countries, or_landline=True)
        except UnfitNumber as error:
            raise ValidationError(UNFIT[error.reason]) from error

    def validate_name(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if len(field.data) > 80:
            raise ValidationError(_l("This name is too long. Write up to 80 characters."))


class WalkInForm(PersonForm):
    """Somebody is here, or on the telephone, without an appointment."""

    procedure = SelectField(_l("What for"), choices=[])
    channel = RadioField(_l("How"), choices=[], default=Channel.IN_PERSON.value)
    language = SelectField(_l("In which language"), choices=[])
    needs = SelectMultipleField(
        _l("What they need"),
        choices=[],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer(
        self, procedures: Sequence[tuple[str, str]], languages: Sequence[tuple[str, str]]
    ) -> "WalkInForm":
        here = (Channel.IN_PERSON.value, Channel.PHONE.value)
        lengthen = (Need.MORE_TIME.value, Need.COMPANION.value)
        self.procedure.choices = [SelectChoice(*one) for one in procedures]
        self.channel.choices = [SelectChoice(one, channel_name(one)) for one in here]
        self.language.choices = [SelectChoice(*one) for one in languages]
        self.needs.choices = [SelectChoice(one, need_name(one)) for one in lengthen]
        return self


class ReasonForm(FlaskForm):
    """Why the office moves or cancels a visit: the citizen reads it in their language."""

    reason = RadioField(
        _l("Why"), choices=[], validators=[InputRequired(_l("Choose a reason: they will read it."))]
    )
    words = StringField(
        _l("In your own words"),
        validators=[Length(max=160, message=_l("Write up to 160 characters."))],
    )
    seen = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [SelectChoice(one.value, office_reason(one.value)) for one in OfficeReason]
        self.reason.choices = [*known, SelectChoice(OWN_WORDS, _l("Another reason"))]

    def validate_words(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if self.reason.data == OWN_WORDS and not field.data:
            raise ValidationError(_l("Write the reason, so that they understand it."))

    @property
    def said(self) -> str:
        return str(self.words.data if self.reason.data == OWN_WORDS else self.reason.data)


class PriorityForm(FlaskForm):
    """Why somebody goes before others."""

    reason = RadioField(
        _l("Why"), choices=[], validators=[InputRequired(_l("Choose why they go first."))]
    )
    seen = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [SelectChoice(one.value, priority_name(one.value)) for one in PriorityReason]
        self.reason.choices = [*known, SelectChoice("none", _l("As everybody else"))]


class ChoiceForm(FlaskForm):
    """One answer among those offered: a colleague, a way, a desk."""

    choice = RadioField("", choices=[], validators=[InputRequired(_l("Choose one."))])
    seen = HiddenField()

    def offer(self, title: Any, choices: Sequence[tuple[str, str]]) -> "ChoiceForm":
        self.choice.label.text = title
        self.choice.choices = [SelectChoice(*one) for one in choices]
        return self


class BlockForm(FlaskForm):
    """Being away today: from when, for how long, and why, for colleagues to know."""

    starts = StringField(_l("From (optional)"))
    length = RadioField(
        _l("For how long"),
        choices=[
            SelectChoice("15", _l("15 minutes")),
            SelectChoice("30", _l("30 minutes")),
            SelectChoice("60", _l("1 hour")),
            SelectChoice("120", _l("2 hours")),
            SelectChoice("rest", _l("The rest of the day")),
        ],
        validators=[InputRequired(_l("Choose for how long."))],
    )
    reason = StringField(
        _l("What for (optional)"),
        validators=[Length(max=120, message=_l("Write up to 120 characters."))],
    )

    def validate_starts(self, field: StringField) -> None:
        if field.data and self.hour is None:
            raise ValidationError(_l("Write an hour of today, like 12:30."))

    @property
    def hour(self) -> time | None:
        """The hour written: 12:30, 12.30 and 1230 are all the same."""
        found = re.fullmatch(r"\s*(\d{1,2})[:.h]?(\d{2})\s*", self.starts.data or "")
        if not found or int(found[1]) > 23 or int(found[2]) > 59:
            return None
        return time(int(found[1]), int(found[2]))
