"""What is typed at a kiosk, with digits alone, and what its town writes about it."""

from collections.abc import Collection, Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField, TelField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from app.core.phones import UnfitNumber, mobile
from app.kiosks.queries import NUMBER_DIGITS
from app.schedule.models import Resource
from app.towns.models import Procedure
from app.ui.forms import UNFIT

NOBODYS = 0


class PhoneForm(FlaskForm):
    """A mobile number, typed on the pad of the screen."""

    phone = TelField(_l("Your mobile number"))

    def __init__(self, *args: object, countries: Collection[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.countries = countries
        self.number = ""

    def validate_phone(self, field: TelField) -> None:
        typed = (field.data or "").strip()
        if not typed:
            raise ValidationError(_l("Touch the nine digits of your mobile number."))
        try:
            self.number = mobile(typed, self.countries)
        except UnfitNumber as error:
            raise ValidationError(UNFIT[error.reason]) from error


class NumberForm(FlaskForm):
    """The digits that are printed on the paper of an appointment, or shown by a kiosk."""

    number = StringField(_l("The number on your paper"))

    def validate_number(self, field: StringField) -> None:
        digits = [sign for sign in field.data or "" if sign.isdecimal()]
        if len(digits) != NUMBER_DIGITS:
            raise ValidationError(_l("The number has eight digits. Look at it again."))
        field.data = "".join(digits)


class BringForm(NumberForm):
    number = StringField(_l("The number that the kiosk shows"))


class ConfirmForm(FlaskForm):
    """Nothing but the button."""


class ApproveForm(FlaskForm):
    """The code on the screen of a new kiosk, and how it will be called."""

    code = StringField(_l("The code on the screen of the kiosk"))
    name = StringField(
        _l("Its name, as people know the place"),
        validators=[InputRequired(_l("Write a name.")), Length(max=60)],
    )
    booth = SelectField(_l("The place that it is"), coerce=int)

    def __init__(self, *args: object, booths: Sequence[Resource], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.booth.choices = [(NOBODYS, _l("No place that can be booked"))]
        self.booth.choices += [(one.id, one.name) for one in booths]
        self._booths = {one.id: one for one in booths}

    @property
    def chosen_booth(self) -> Resource | None:
        return self._booths.get(self.booth.data or NOBODYS)

    def validate_code(self, field: StringField) -> None:
        letters = [sign for sign in field.data or "" if sign.isalnum()]
        if len(letters) != 8:
            raise ValidationError(_l("The code has eight letters, like BCDF-GHJK."))


class KioskForm(FlaskForm):
    """How it is called, where it stands, what for, and whom it calls."""

    name = StringField(
        _l("Its name, as people know the place"),
        validators=[InputRequired(_l("Write a name.")), Length(max=60)],
    )
    booth = SelectField(_l("The place that it is"), coerce=int)
    procedure = SelectField(_l("What somebody comes for who touches the big button"), coerce=int)
    librarian = TelField(_l("Mobile number of the librarian (optional)"))
    volume = IntegerField(
        _l("Volume with which each person begins, from 0 to 100"),
        validators=[
            InputRequired(_l("Write a number.")),
            NumberRange(min=0, max=100, message=_l("Write a number from 0 to 100.")),
        ],
    )

    def __init__(
        self,
        *args: object,
        booths: Sequence[Resource],
        procedures: Sequence[Procedure],
        countries: Collection[str],
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.countries = countries
        self.librarian_phone = ""
        self.booth.choices = [(NOBODYS, _l("No place that can be booked"))]
        self.booth.choices += [(one.id, one.name) for one in booths]
        self.procedure.choices = [(NOBODYS, _l("Whatever it is: the clerk asks"))]
        self.procedure.choices += [(one.id, one.name_in()) for one in procedures]
        self._booths = {one.id: one for one in booths}
        self._procedures = {one.id: one for one in procedures}

    @property
    def chosen_booth(self) -> Resource | None:
        return self._booths.get(self.booth.data or NOBODYS)

    @property
    def chosen_procedure(self) -> Procedure | None:
        return self._procedures.get(self.procedure.data or NOBODYS)

    def validate_librarian(self, field: TelField) -> None:
        if not (field.data or "").strip():
            return
        try:
            self.librarian_phone = mobile(field.data or "", self.countries)
        except UnfitNumber as error:
            raise ValidationError(UNFIT[error.reason]) from error


class ServiceForm(FlaskForm):
    """Why it does not serve for now."""

    reason = StringField(
        _l("Why, in a few words"),
        validators=[InputRequired(_l("Write why.")), Length(max=120)],
    )
