"""Reading a telephone, a code, a correction, a term, a reason."""

import re
from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, StringField, TelField
from wtforms.validators import ValidationError

from app.core.i18n import LANGUAGES, language_name
from app.core.phones import UnfitNumber, mobile
from app.privacy.models import HoldReason, Kept, RequestKind
from app.privacy.terms import TERMS
from app.privacy.words import hold_reason, request_kind
from app.ui.forms import NO_CONTROLS, UNFIT

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 /.-]{0,39}")


class PhoneForm(FlaskForm):
    """Whose data: the telephone that they gave us."""

    phone = TelField(_l("Your mobile number"))

    def __init__(self, *args: object, countries: Collection[str] = ("ES",), **kwargs: object):
        super().__init__(*args, **kwargs)
        self.countries = countries
        self.number = ""

    def validate_phone(self, field: TelField) -> None:
        typed = (field.data or "").strip()
        if not typed:
            raise ValidationError(_l("Write your mobile number. We send you a code to confirm."))
        try:
            self.number = mobile(typed, self.countries)
        except UnfitNumber as error:
            raise ValidationError(UNFIT[error.reason]) from error


class CodeForm(FlaskForm):
    """The six digits of the message."""

    code = StringField(_l("The code we sent you"))

    def validate_code(self, field: StringField) -> None:
        digits = [sign for sign in field.data or "" if sign.isdecimal()]
        if not digits:
            raise ValidationError(_l("Write the six digits of the message."))
        if len(digits) != 6:
            raise ValidationError(_l("The code has six digits. Look at the message again."))


class CorrectionForm(FlaskForm):
    """How they are called, and which language they read."""

    name = StringField(_l("Your name"))
    locale = RadioField(_l("Language of your messages"), validate_choice=False)

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        self.locale.choices = [(slug, language_name(slug)) for slug in LANGUAGES]

    def validate_name(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if len(field.data) > 80:
            raise ValidationError(_l("This name is too long. Write up to 80 characters."))

    def validate_locale(self, field: RadioField) -> None:
        if field.data not in LANGUAGES:
            raise ValidationError(_l("Choose one of the languages."))


class EraseForm(FlaskForm):
    """One box, so that nobody erases by accident."""

    is_sure = BooleanField(_l("Yes, erase what you hold about me"))

    def validate_is_sure(self, field: BooleanField) -> None:
        if not field.data:
            raise ValidationError(_l("Tick the box if you are sure."))


class ConfirmForm(FlaskForm):
    """Nothing but the proof that it came from our page."""


class ReceiveForm(PhoneForm):
    """A request that came on paper: whose, and what."""

    kind = RadioField(_l("What they ask"), validate_choice=False)

    def __init__(self, *args: object, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.phone.label.text = _l("Telephone of the person")
        self.kind.choices = [(kind.value, request_kind(kind.value)) for kind in RequestKind]

    def validate_kind(self, field: RadioField) -> None:
        if field.data not in [kind.value for kind in RequestKind]:
            raise ValidationError(_l("Choose what they ask."))


class ReasonForm(FlaskForm):
    """Who needs it, and under which reference: no words that could name anybody."""

    reason = RadioField(_l("Who needs it"), validate_choice=False)
    reference = StringField(_l("Reference of the file"))

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        self.reason.choices = [(one.value, hold_reason(one.value)) for one in HoldReason]

    def validate_reason(self, field: RadioField) -> None:
        if field.data not in [one.value for one in HoldReason]:
            raise ValidationError(_l("Choose who needs it."))

    def validate_reference(self, field: StringField) -> None:
        field.data = (field.data or "").strip()
        if not REFERENCE.fullmatch(field.data):
            raise ValidationError(
                _l("Write its reference, like DP 123/2026: letters, figures, space, / . and -.")
            )


class HoldForm(ReasonForm, PhoneForm):
    """Whose data must not be destroyed, and why."""

    def __init__(self, *args: object, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.phone.label.text = _l("Telephone of the person")


def days_sent(sent: Any) -> tuple[dict[Kept, int], dict[Kept, Any]]:
    """The days of each kind as they were typed, and what is wrong with them."""
    days, errors = {}, {}
    for kind, term in TERMS.items():
        typed = (sent.get(kind.value) or "").strip()
        number = int(typed) if re.fullmatch(r"[0-9]{1,6}", typed) else 0
        if not term.least <= number <= term.most:
            errors[kind] = _l(
                "Write a number of days from %(least)s to %(most)s.",
                least=term.least,
                most=term.most,
            )
        days[kind] = number
    return days, errors
