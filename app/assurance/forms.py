"""What a clerk writes down when they identify somebody, and what an administrator decides."""

from datetime import date

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from app.assurance import documents
from app.assurance.models import DocumentKind
from app.towns.models import DocumentRule, Level
from app.ui.forms import NO_CONTROLS


def one_line(field: StringField) -> int:
    """Without line breaks and signs that cannot be seen. Returns how long it is then."""
    field.data = " ".join(NO_CONTROLS.sub(" ", field.data or "").split())
    return len(field.data)


class CheckForm(FlaskForm):
    """What the clerk saw: the document, and that it is this person's."""

    kind = RadioField(
        _l("Which document did you see?"),
        choices=[
            SelectChoice(DocumentKind.DNI.value, _l("DNI")),
            SelectChoice(DocumentKind.NIE.value, _l("NIE")),
            SelectChoice(DocumentKind.PASSPORT.value, _l("Passport")),
            SelectChoice(DocumentKind.OTHER.value, _l("Another one")),
        ],
        validators=[InputRequired(_l("Choose the document that you saw."))],
    )
    name = StringField(_l("Name and surnames, as on the document"))
    number = StringField(_l("Its number"))
    expires = DateField(
        _l("Valid until"),
        format=["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"],
        validators=[Optional()],
    )
    is_permanent = BooleanField(_l("It does not expire"))
    name_matches = BooleanField(_l("The name is the one this person gives"))
    face_matches = BooleanField(_l("The face is the one on the document"))

    def __init__(self, *args: object, today: date, keeps_number: bool = True, **kwargs: object):
        super().__init__(*args, **kwargs)
        self.today = today
        if not keeps_number:
            del self.number

    def validate_name(self, field: StringField) -> None:
        length = one_line(field)
        if length < 2:
            raise ValidationError(_l("Write the name as it stands on the document."))
        if length > 120:
            raise ValidationError(_l("This name is too long. Write up to 120 characters."))

    def validate_number(self, field: StringField) -> None:
        number = documents.plain(field.data or "")
        if not 5 <= len(number) <= 20:
            raise ValidationError(_l("Write the number with its letters and digits, 5 to 20."))

    def validate_is_permanent(self, field: BooleanField) -> None:
        """Here and not at the day: an optional field that is empty is not asked any further."""
        if self.expires.errors:
            return
        if self.expires.data is None and not field.data:
            raise ValidationError(_l("Write until when it is valid, or mark that it never ends."))
        if self.expires.data and self.expires.data < self.today and not field.data:
            raise ValidationError(_l("This document has expired. Ask for another one."))

    def validate_name_matches(self, field: BooleanField) -> None:
        if not field.data:
            raise ValidationError(_l("If the name is another one, do not go on: stop the check."))

    def validate_face_matches(self, field: BooleanField) -> None:
        if not field.data:
            raise ValidationError(_l("If the face is another one, do not go on: stop the check."))


class UndoForm(FlaskForm):
    """Why an identification does not count any more."""

    reason = TextAreaField(_l("Why is it undone?"))

    def validate_reason(self, field: TextAreaField) -> None:
        length = one_line(field)
        if length < 5:
            raise ValidationError(_l("Write in a few words why it is undone."))
        if length > 300:
            raise ValidationError(_l("Write up to 300 characters."))


class EntryForm(FlaskForm):
    """An entry of the register of clerks."""

    account = SelectField(_l("Who"), validators=[InputRequired(_l("Choose somebody."))])
    first_day = DateField(
        _l("From"),
        format=["%Y-%m-%d", "%d/%m/%Y"],
        validators=[InputRequired(_l("Write from which day."))],
    )
    last_day = DateField(
        _l("Until (optional)"), format=["%Y-%m-%d", "%d/%m/%Y"], validators=[Optional()]
    )
    reference = StringField(
        _l("Resolution"), validators=[Length(max=120, message=_l("Write up to 120 characters."))]
    )

    def validate_reference(self, field: StringField) -> None:
        one_line(field)

    def validate_last_day(self, field: DateField) -> None:
        first = self.first_day.data
        if field.data and first and field.data < first:
            raise ValidationError(_l("The last day is before the first. Look at both again."))


class ChangeForm(FlaskForm):
    """A longer or shorter time."""

    last_day = DateField(
        _l("Until (optional)"), format=["%Y-%m-%d", "%d/%m/%Y"], validators=[Optional()]
    )
    reference = StringField(
        _l("Resolution"), validators=[Length(max=120, message=_l("Write up to 120 characters."))]
    )

    def validate_reference(self, field: StringField) -> None:
        one_line(field)


class RuleForm(FlaskForm):
    """What the town keeps of a document's number, and which national identities it takes."""

    rule = RadioField(
        _l("What do we keep of the number of a document?"),
        choices=[
            SelectChoice(DocumentRule.NOTHING.value, _l("Keep nothing of the number")),
            SelectChoice(DocumentRule.MASKED.value, _l("Keep four digits")),
            SelectChoice(
                DocumentRule.DIGEST.value, _l("Keep a fingerprint, to recognise the same document")
            ),
            SelectChoice(
                DocumentRule.FULL.value,
                _l("Keep the whole number for some days, then four digits"),
            ),
        ],
        validators=[InputRequired(_l("Choose one."))],
    )
    days = IntegerField(
        _l("For how many days is a whole number kept?"),
        validators=[
            InputRequired(_l("Write a number of days.")),
            NumberRange(1, 3650, message=_l("Write from 1 to 3,650 days.")),
        ],
    )


LEVELS = [
    SelectChoice(Level.NONE.value, _l("Nothing")),
    SelectChoice(Level.PHONE.value, _l("A code by SMS")),
    SelectChoice(Level.PASSKEY.value, _l("A passkey made after a check")),
    SelectChoice(Level.CHECKED.value, _l("A clerk identifies the person")),
    SelectChoice(Level.EID.value, _l("A national identity")),
]


class NeedsForm(FlaskForm):
    """How surely a procedure must know who it is, and when."""

    book = SelectField(_l("To book"), choices=LEVELS)
    enter = SelectField(_l("To enter the call"), choices=LEVELS)
    act = SelectField(_l("Before a certain act"), choices=LEVELS)
