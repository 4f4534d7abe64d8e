"""Fields of the back office: they say in words what they could not read."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, SelectMultipleField, StringField, TimeField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.towns.models import Channel
from app.ui.forms import NO_CONTROLS

FAR = 1_000_000  # what no register takes as a number of minutes, days or people

CHANNELS = [
    SelectChoice(Channel.VIDEO.value, _l("By video call")),
    SelectChoice(Channel.PHONE.value, _l("By telephone")),
    SelectChoice(Channel.IN_PERSON.value, _l("At the town hall")),
]


class Hour(TimeField):
    """A time on the wall, `08:30`. Without it the form says so."""

    data: Any

    def __init__(self, label: Any, *, is_needed: bool = True, **options: Any) -> None:
        super().__init__(label, [] if is_needed else [Optional()], format="%H:%M", **options)
        self.is_needed = is_needed

    def process_formdata(self, valuelist: list[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        if not text and not self.is_needed:
            self.data = None
            return
        try:
            super().process_formdata([text[:5]])
        except ValueError as error:
            raise ValueError(_("Write a time with hours and minutes, like 08:30.")) from error

    def pre_validate(self, form: Any) -> None:
        """Also when the form came without the field, or without any."""
        if self.is_needed and self.data is None:
            raise ValidationError(_("Write a time with hours and minutes, like 08:30."))


class Day(DateField):
    """A date. Browsers send it as `2026-11-30`."""

    data: Any

    def __init__(self, label: Any, *, is_needed: bool = True, **options: Any) -> None:
        super().__init__(label, [] if is_needed else [Optional()], **options)
        self.is_needed = is_needed

    def process_formdata(self, valuelist: list[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        if not text and not self.is_needed:
            self.data = None
            return
        try:
            super().process_formdata([text])
            if self.data and not 2000 <= self.data.year <= 2200:
                raise ValueError
        except ValueError as error:
            self.data = None
            raise ValueError(_("Write a date with day, month and year.")) from error

    def pre_validate(self, form: Any) -> None:
        """Also when the form came without the field, or without any."""
        if self.is_needed and self.data is None:
            raise ValidationError(_("Write a date with day, month and year."))


class Number(IntegerField):
    """A whole number; with `is_needed=False` it may stay empty."""

    def __init__(self, label: Any, *, is_needed: bool = True, **options: Any) -> None:
        super().__init__(label, [] if is_needed else [Optional()], **options)
        self.is_needed = is_needed

    def process_formdata(self, valuelist: list[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        if not text and not self.is_needed:
            self.data = None
            return
        try:
            if not text.isascii():
                raise ValueError
            self.data = int(text)
            if abs(self.data) > FAR:
                raise ValueError
        except ValueError as error:
            self.data = None
            raise ValueError(_("Write a whole number, without letters.")) from error

    def pre_validate(self, form: Any) -> None:
        """Also when the form came without the field, or without any."""
        if self.is_needed and self.data is None:
            raise ValidationError(_("Write a whole number, without letters."))


class Several(SelectMultipleField):
    """Boxes to choose as many as one likes."""

    data: Any

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class Words(StringField):
    """A short text, without what cannot be seen."""

    def __init__(self, label: Any, most: int, **options: Any) -> None:
        too_long = _l("Write it shorter: up to %(most)s letters.", most=most)
        super().__init__(label, [Length(max=most, message=too_long)], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0] if valuelist else ""
        self.data = " ".join(NO_CONTROLS.sub(" ", text).split())
