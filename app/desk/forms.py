"""What a clerk writes down when somebody leaves."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Length


class OutcomeForm(FlaskForm):
    """How the visit ended, and what the citizen should read about it afterwards."""

    ended = RadioField(
        _l("How did it end?"),
        choices=[
            SelectChoice("served", _l("Done")),
            SelectChoice("no_show", _l("Did not come")),
        ],
        default="served",
    )
    outcome = TextAreaField(
        _l("What was done"),
        validators=[Length(max=2000, message=_l("Write up to 2,000 characters."))],
    )
    next_steps = TextAreaField(
        _l("What the citizen has to do now"),
        validators=[Length(max=2000, message=_l("Write up to 2,000 characters."))],
    )
