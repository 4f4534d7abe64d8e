"""Reading what is asked of figures, of the planner, and of keys."""

import re
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.insight.models import Scope
from app.insight.queries import By, Of, Span
from app.insight.words import by_name, of_name, scope_name
from app.ui.forms import NO_CONTROLS

LONGEST = timedelta(days=3 * 366)
MOST_PERIODS = {By.DAY: 92, By.WEEK: 160, By.MONTH: 40}
USUAL = {By.DAY: 14, By.WEEK: 84, By.MONTH: 365}


class SpanForm(FlaskForm):
    """Which days, cut how, looked at by what. It asks and changes nothing."""

    class Meta:
        csrf = False

    by = SelectField(_l("By"), default=By.WEEK.value)
    of = SelectField(_l("Look at"), default=Of.TOWN.value)
    first = DateField(_l("From"), [Optional()])
    last = DateField(_l("Until"), [Optional()])

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.by.choices = [(one.value, by_name(one)) for one in By]
        self.of.choices = [(one.value, of_name(one)) for one in Of]
        self.by.data = self.by.data or By.WEEK.value
        self.of.data = self.of.data or Of.TOWN.value
        if self.by.data in list(By):
            usual = timedelta(days=USUAL[By(self.by.data)] - 1)
            self.last.data = self.last.data or today
            self.first.data = self.first.data or max(date(2020, 1, 1), self.last.data - usual)

    def validate(self, extra_validators: Any = None) -> bool:
        """Both days together, also when only one of them was asked for."""
        if not super().validate(extra_validators):
            return False
        first, last = self.first.data or self.today, self.last.data or self.today
        by = By(self.by.data)
        length = {By.DAY: 1, By.WEEK: 7, By.MONTH: 30}[by]
        if first > last:
            problem = _("The last day is before the first. Look at both again.")
        elif first < date(2020, 1, 1) or last > self.today + timedelta(days=366):
            problem = _("There are no figures so far away. Choose nearer days.")
        elif (last - first).days // length > MOST_PERIODS[by]:
            problem = _("That is too much at once. Choose fewer days.")
        else:
            return True
        self.first.errors = [problem]
        return False

    @property
    def span(self) -> Span:
        first, last = self.first.data or self.today, self.last.data or self.today
        return Span(first, last, By(self.by.data), Of(self.of.data))


class PlanForm(FlaskForm):
    """Which day, and otherwise how."""

    class Meta:
        csrf = False

    day = DateField(_l("Which day"), [Optional()])
    more = SelectField(_l("Clerks"), coerce=int, default=0)
    pooled = SelectField(_l("The line"), default="own")

    def __init__(self, *args: Any, today: date, has_pool: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.day.data = self.day.data or today + timedelta(days=1)
        self.more.choices = [
            (0, _("As they are planned")),
            (1, _("One more")),
            (2, _("Two more")),
            (-1, _("One fewer")),
        ]
        self.pooled.choices = [("own", _("This town alone"))]
        if has_pool:
            self.pooled.choices.append(("pool", _("Together with the towns of the pool")))

    def validate_day(self, field: DateField) -> None:
        if field.data and not (
            self.today - timedelta(days=366) <= field.data <= self.today + timedelta(days=366)
        ):
            raise ValidationError(_("Choose a day within a year from today."))


class Boxes(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class KeyForm(FlaskForm):
    """What the other machine is called, and what it may ask."""

    name = StringField(_l("What it is for"), [Length(max=80)])
    scopes = Boxes(_l("What it may ask for"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.scopes.choices = [(one.value, scope_name(one.value)) for one in Scope]

    def validate_name(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if not field.data:
            raise ValidationError(_("Write a name."))

    def validate_scopes(self, field: Boxes) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one."))


class WebhookForm(FlaskForm):
    address = StringField(_l("Address"), [Length(max=300)])

    def validate_address(self, field: StringField) -> None:
        field.data = (field.data or "").strip()
        if not re.match(r"https?://", field.data):
            raise ValidationError(_("Write a whole address, with https:// at its beginning."))


class BoardForm(FlaskForm):
    """A button of the board: nothing but the token that it comes from our page."""
