"""A code or a digest to look for; what a citizen states; whose signature counts."""

import re

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from app.acts.models import Grade
from app.ui.forms import NO_CONTROLS

DIGEST = re.compile(r"[0-9a-f]{64}")
DAYS = ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"]


class CodeOfActForm(FlaskForm):
    """The code that is printed on every page."""

    csv = StringField(_l("Code (CSV)"))

    def validate_csv(self, field: StringField) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_l("Write the code that is printed on every page."))
        field.data = (field.data or "")[:200]


class FileForm(FlaskForm):
    """The digest of a file. The browser works it out; the file itself never leaves the device."""

    sha256 = StringField(_l("SHA-256 of the file"))

    def validate_sha256(self, field: StringField) -> None:
        field.data = "".join((field.data or "").lower().split())
        if not DIGEST.fullmatch(field.data):
            raise ValidationError(_l("Write the 64 signs of the digest, or choose the file above."))


class StatementForm(FlaskForm):
    """What the citizen states, in their own words."""

    text = TextAreaField(_l("What they state"))

    def validate_text(self, field: TextAreaField) -> None:
        lines = (field.data or "").replace("\r\n", "\n").split("\n")
        field.data = "\n".join(NO_CONTROLS.sub(" ", line) for line in lines).strip()
        if not field.data:
            raise ValidationError(_l("Write down what the citizen states."))
        if len(field.data) > 4000:
            raise ValidationError(_l("This is too long. Write up to 4,000 characters."))


class SignatureForm(FlaskForm):
    """What a program for signatures made of the file that was downloaded."""

    file = FileField(_l("The signature"))

    def validate_file(self, field: FileField) -> None:
        if not field.data:
            raise ValidationError(_l("Choose the file with the signature."))


class SignerForm(FlaskForm):
    """Whose certificate counts, for which grade, and by which resolution."""

    account = SelectField(_l("Person"), validators=[InputRequired(_l("Choose the person."))])
    certificate = FileField(_l("Their certificate, without its key"))
    grade = RadioField(
        _l("What does their signature make of an act?"),
        choices=[
            SelectChoice(Grade.CLERK.value, _l("Clerk’s signature")),
            SelectChoice(Grade.SECRETARY.value, _l("Secretary’s certification")),
        ],
        validators=[InputRequired(_l("Choose what their signature makes."))],
    )
    post = StringField(_l("Their post"), validators=[Length(max=120)])
    reference = StringField(_l("Resolution"), validators=[Length(max=120)])
    first_day = DateField(
        _l("First day"), format=DAYS, validators=[InputRequired(_l("Write the first day."))]
    )
    last_day = DateField(_l("Last day (optional)"), format=DAYS, validators=[Optional()])

    def validate_certificate(self, field: FileField) -> None:
        if not field.data:
            raise ValidationError(_l("Choose the file of the certificate (.cer or .pem)."))

    def validate_last_day(self, field: DateField) -> None:
        if field.data and self.first_day.data and field.data < self.first_day.data:
            raise ValidationError(_l("The last day is before the first. Look at both again."))
