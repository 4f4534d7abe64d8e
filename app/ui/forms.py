"""The form that more than one feature asks: who somebody is, by their telephone."""

import re
from collections.abc import Collection

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TelField
from wtforms.validators import Length, ValidationError

from app.core.phones import Unfit, UnfitNumber, mobile

NO_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def clean(text: str | None) -> str:
    """Without what cannot be seen, line by line."""
    lines = (text or "").replace("\r\n", "\n").split("\n")
    return "\n".join(NO_CONTROLS.sub(" ", line).rstrip() for line in lines).strip()


UNFIT = {
    Unfit.NOT_A_NUMBER: _l("Write your mobile number with its nine digits, like 612 34 56 78."),
    Unfit.NOT_A_MOBILE: _l(
        "This is a landline. Write a mobile number, because we send you an SMS."
    ),
    Unfit.COSTLY: _l("We cannot send messages to this number. Write your own mobile number."),
    Unfit.FOREIGN: _l(
        "We can only send messages to numbers from Spain. For other numbers, call us."
    ),
}


class CodeForm(FlaskForm):
    """The six digits of the message."""

    code = StringField(_l("The code we sent you"))

    def validate_code(self, field: StringField) -> None:
        digits = [sign for sign in field.data or "" if sign.isdecimal()]
        if not digits:
            raise ValidationError(_l("Write the six digits of the message."))
        if len(digits) != 6:
            raise ValidationError(_l("The code has six digits. Look at the message again."))


class WhoForm(FlaskForm):
    """A mobile number, and a name if they wish."""

    phone = TelField(_l("Your mobile number"))
    name = StringField(_l("Your name (optional)"))
    token = HiddenField(validators=[Length(min=16, max=64)])

    def __init__(
        self,
        *args: object,
        countries: Collection[str] = ("ES",),
        landlines: bool = False,
        **kwargs: object,
    ):
        super().__init__(*args, **kwargs)
        self.countries, self.landlines = countries, landlines
        self.number = ""

    def validate_phone(self, field: TelField) -> None:
        typed = (field.data or "").strip()
        if not typed:
            raise ValidationError(_l("Write your mobile number. We send you a code to confirm."))
        try:
            self.number = mobile(typed, self.countries, or_landline=self.landlines)
        except UnfitNumber as error:
            raise ValidationError(UNFIT[error.reason]) from error

    def validate_name(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if len(field.data) > 80:
            raise ValidationError(_l("This name is too long. Write up to 80 characters."))
