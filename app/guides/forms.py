"""A new guide: what it is about, how it tells it, and the files."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import ValidationError

from app.core.i18n import LANGUAGES
from app.guides.models import Kind
from app.guides.words import KINDS, PAGES
from app.towns import queries as towns
from app.ui.forms import NO_CONTROLS

LONGEST = 20_000


class GuideForm(FlaskForm):
    about = SelectField(_l("What it is about"), validate_choice=False)
    kind = RadioField(_l("How it is told"), validate_choice=False)
    language = SelectField(_l("Language of its captions, or of the voice"), validate_choice=False)
    file = FileField(_l("The video or the recording"))
    captions = FileField(_l("Captions (WebVTT), for a video with sound"))
    transcript = TextAreaField(_l("What is said, word for word, for a recording"))

    def __init__(self) -> None:
        super().__init__()
        pages = [(f"page:{name}", str(label)) for name, label in PAGES.items()]
        offered = [(f"procedure:{one.slug}", one.name_in()) for one in towns.procedures()]
        self.about.choices = pages + offered
        self.kind.choices = [(kind.value, str(KINDS[kind])) for kind in Kind]
        self.language.choices = [(one.slug, one.label) for one in LANGUAGES.values()]

    def validate_about(self, field: SelectField) -> None:
        _one_of(field, _l("Choose a page or a procedure."))

    def validate_kind(self, field: RadioField) -> None:
        _one_of(field, _l("Choose how it is told."))

    def validate_language(self, field: SelectField) -> None:
        _one_of(field, _l("Choose one of the languages."))

    def validate_file(self, field: FileField) -> None:
        if not field.data or not field.data.filename:
            raise ValidationError(_l("Choose the file of the video or the recording."))

    def validate_transcript(self, field: TextAreaField) -> None:
        lines = (field.data or "").replace("\r\n", "\n").split("\n")
        field.data = "\n".join(NO_CONTROLS.sub(" ", line) for line in lines).strip()
        if len(field.data) > LONGEST:
            raise ValidationError(_l("This is too long. Write up to 20,000 characters."))


def _one_of(field: SelectField, sentence: Any) -> None:
    if field.data not in {str(choice[0]) for choice in field.iter_choices()}:
        raise ValidationError(sentence)
