"""Reading the two answers."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired

from app.survey.models import Said

WORDS = {Said.YES: _l("Yes"), Said.PARTLY: _l("Partly"), Said.NO: _l("No")}


def _choices() -> list[SelectChoice]:
    return [SelectChoice(said.value, WORDS[said]) for said in Said]


class AnswerForm(FlaskForm):
    """Two questions, each with three answers."""

    understood = RadioField(
        _l("Did we understand each other well?"),
        choices=_choices(),
        validators=[InputRequired(_l("Say whether we understood each other."))],
    )
    solved = RadioField(
        _l("Did the visit solve what you came for?"),
        choices=_choices(),
        validators=[InputRequired(_l("Say whether the visit solved it."))],
    )
