"""What people type to get in, and what they call their passkeys."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TelField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import ValidationError

from app.identity.services.passkeys import NAME_LENGTH
from app.ui.forms import NO_CONTROLS, WhoForm


class PhoneForm(WhoForm):
    """A mobile number and nothing else."""

    name = None  # type: ignore[assignment]
    token = None  # type: ignore[assignment]


class ConfirmForm(FlaskForm):
    """Nothing but the proof that it came from our page."""


class NameForm(FlaskForm):
    """What somebody calls a passkey: the device on which it lives."""

    name = StringField(_l("Name of this passkey"))

    def validate_name(self, field: StringField) -> None:
        field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
        if not field.data:
            raise ValidationError(_l("Write a name, for example: my telephone."))
        if len(field.data) > NAME_LENGTH:
            raise ValidationError(_l("This name is too long. Write up to 40 characters."))


class CheckForm(PhoneForm):
    """A citizen who lost their passkeys, and how somebody of the town hall made sure who it is."""

    phone = TelField(_l("Their mobile number"))
    seen = RadioField(
        _l("How did you check who they are?"),
        choices=[
            SelectChoice("in_person", _l("I have seen their identity document at the counter")),
            SelectChoice("video", _l("I have seen them and their identity document by video")),
        ],
        validate_choice=False,
    )

    def validate_phone(self, field: TelField) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_l("Write the mobile number with which they book."))
        super().validate_phone(field)

    def validate_seen(self, field: RadioField) -> None:
        if field.data not in ("in_person", "video"):
            raise ValidationError(_l("Say how you checked who they are."))
