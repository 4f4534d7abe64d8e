"""Why somebody of the staff looks at a recording."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length


class LookForm(FlaskForm):
    reason = StringField(
        _l("Why do you look at it?"),
        validators=[
            DataRequired(_l("Write why you look at this recording.")),
            Length(min=10, message=_l("Write it in a few words, so that others understand it.")),
            Length(max=300, message=_l("Write it in at most 300 letters.")),
        ],
    )
