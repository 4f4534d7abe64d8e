"""What a clerk writes to invite somebody to a call."""

from collections.abc import Collection

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TelField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import ValidationError

from app.core.phones import Unfit, UnfitNumber, mobile
from app.ui.forms import NO_CONTROLS, UNFIT


class OwnTelephoneForm(FlaskForm):
    """Where a clerk is rung, so that nobody has to dial."""

    phone = TelField(_l("Your own telephone"))

    def __init__(self, *args: object, countries: Collection[str] = ("ES",), **kwargs: object):
        super().__init__(*args, **kwargs)
        self.countries = countries
        self.number = ""

    def validate_phone(self, field: TelField) -> None:
        try:
            self.number = mobile((field.data or "").strip(), self.countries, or_landline=True)
        except UnfitNumber as error:
            if error.reason is Unfit.NOT_A_NUMBER:
                what = _l("Write your telephone with its nine digits, like 973 12 34 56.")
            else:
                what = _l("We cannot call this number. Write another, mobile or fixed.")
            raise ValidationError(what) from error


class InvitationForm(FlaskForm):
    """As what, by which name the others see them, and where the link goes."""

    part = RadioField(
        _l("Who comes?"),
        choices=[
            SelectChoice("interpreter", _l("Interpreter")),
            SelectChoice("companion", _l("Companion")),
            SelectChoice("colleague", _l("Colleague")),
        ],
        default="interpreter",
    )
    name = StringField(_l("Their name, as the others will see it"))
    phone = TelField(_l("Their mobile number (optional)"))

    def __init__(self, *args: object, countries: Collection[str] = ("ES",), **kwargs: object):
        super().__init__(*args, **kwargs)
        self.countries = countries
        self.number = ""

    def validate_name(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if not field.data:
            raise ValidationError(_l("Write the name of the person you invite."))
        if len(field.data) > 80:
            raise ValidationError(_l("This name is too long. Write up to 80 characters."))

    def validate_phone(self, field: TelField) -> None:
        typed = (field.data or "").strip()
        if not typed:
            return
        try:
            self.number = mobile(typed, self.countries)
        except UnfitNumber as error:
            raise ValidationError(UNFIT[error.reason]) from error
