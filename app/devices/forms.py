"""Reading what the test sends."""

from enum import StrEnum

from flask_wtf import FlaskForm
from wtforms import FloatField, IntegerField, StringField
from wtforms.validators import AnyOf, NumberRange, Optional

from app.devices.models import Heard, Sense, Way


def _one_of(kind: type[StrEnum], default: StrEnum) -> StringField:
    return StringField(default=default.value, validators=[AnyOf([item.value for item in kind])])


class CheckForm(FlaskForm):
    """The figures of one test. Whatever was not measured is left out."""

    camera = _one_of(Sense, Sense.UNTESTED)
    microphone = _one_of(Sense, Sense.UNTESTED)
    loudspeaker = _one_of(Heard, Heard.UNTESTED)
    way = _one_of(Way, Way.NONE)
    round_trip_ms = IntegerField(validators=[Optional(), NumberRange(0, 60_000)])
    loss = FloatField(validators=[Optional(), NumberRange(0, 100)])
    kbits = IntegerField(validators=[Optional(), NumberRange(0, 10_000_000)])
