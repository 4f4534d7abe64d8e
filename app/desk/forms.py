"""What a clerk writes down when somebody leaves."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, TextAreaField
from wtforms.validators import Length


class OutcomeForm(FlaskForm):
    """How the visit ended, and what the citizen should read about it afterwards."""

    ended = SelectField(
        _l("How did it end?"),
        choices=[
            ("served", _l("Attended")),
            ("no_show", _l("Did not come")),
        ],
    )
    outcome = TextAreaField(
        _l("What was done"),
        validators=[Length(max=2000, message=_l("Write up to 2,000 letters."))],
    )
    next_steps = TextAreaField(
        _l("What the citizen has to do now"),
        validators=[Length(max=2000, message=_l("Write up to 2,000 letters."))],
    )
