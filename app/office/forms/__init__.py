"""Reading and checking what supervisors and administrators type."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import ValidationError

from app.core.i18n import LANGUAGES, in_language
from app.office.forms.fields import CHANNELS, Day, Hour, Number, Several, Words
from app.office.words import REGIONS, day_name, recording_name
from app.schedule.errors import AbsenceBackwards
from app.schedule.models import ResourceKind, SignLanguage
from app.schedule.services import Hours
from app.towns.errors import RuleRefused
from app.towns.models import Channel, Media, Office, Procedure, Recording, Town
from app.towns.services import STEPS

NAME_MISSING = _l("Write a name.")


class RuleForm(FlaskForm):
    """A form about a rule. `row` is the mark of what it showed when it was opened."""

    class Meta(FlaskForm.Meta):
        """What was sent counts even when it was nothing at all; only a form is a form."""

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            return request.form if form.is_submitted() else None

    row = HiddenField()
    # Where the register differs by now: field, what is there, what is mine. None: nowhere.
    news: list[tuple[str, str, str]] | None = None
    # What saving would mean, for whoever only wants to see it.
    effect: list[str] = []

    def refuse(self, refusal: RuleRefused) -> None:
        """The sentence of the refusal, beside the field where it is mended."""
        field = self._fields.get(refusal.field)
        if field is None:
            self.form_errors.append(str(refusal))
        else:
            field.errors = [*field.errors, str(refusal)]


class ShiftForm(RuleForm):
    """Weekly hours. When one shift is changed there is one day; when they are added, several."""

    weekdays = Several(_l("Days of the week"), coerce=int)
    weekday = SelectField(_l("Day of the week"), coerce=int)
    starts = Hour(_l("From"))
    ends = Hour(_l("Until"))
    channels = Several(_l("Ways of attending"), choices=CHANNELS)
    is_public = BooleanField(_l("The public can book in these hours"), default=True)
    on_closed_days = BooleanField(_l("Also on closed days"))
    valid_from = Day(_l("First day (optional)"), is_needed=False)
    valid_to = Day(_l("Last day (optional)"), is_needed=False)

    def __init__(self, *args: Any, is_new: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        days = [(number, day_name(number)) for number in range(7)]
        self.weekdays.choices = self.weekday.choices = days
        del self["weekday" if is_new else "weekdays"]

    def validate_weekdays(self, field: Several) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one day of the week."))

    @property
    def hours(self) -> Hours:
        return Hours(
            self.starts.data,
            self.ends.data,
            tuple(self.channels.data),
            self.is_public.data,
            self.on_closed_days.data,
            self.valid_from.data,
            self.valid_to.data,
        )


class DayForm(RuleForm):
    """What one day is like: off, or up to three windows of hours."""

    day = Day(_l("Which day"))
    kind = RadioField(
        _l("What is that day like?"),
        choices=[
            SelectChoice("off", _l("A day off")),
            SelectChoice("hours", _l("Other hours than usual")),
        ],
        default="off",
    )
    starts = Hour(_l("From"), is_needed=False)
    ends = Hour(_l("Until"), is_needed=False)
    starts_2 = Hour(_l("Second hours, from (optional)"), is_needed=False)
    ends_2 = Hour(_l("Second hours, until (optional)"), is_needed=False)
    channels = Several(
        _l("Ways of attending"), choices=CHANNELS, default=[one.value for one in Channel]
    )
    is_public = BooleanField(_l("The public can book in these hours"), default=True)
    on_closed_days = BooleanField(_l("Also on closed days"))
    reason = Words(_l("Why (optional, only for the staff)"), 120)

    def validate(self, extra_validators: Any = None) -> bool:
        """Other hours need both ends, in each of their windows."""
        is_good = bool(super().validate(extra_validators))
        if self.kind.data != "hours" or not is_good:
            return is_good
        if self.starts.data is None or self.ends.data is None:
            self.starts.errors = [_("Write from when and until when.")]
        elif (self.starts_2.data is None) != (self.ends_2.data is None):
            self.starts_2.errors = [_("Write both: from when and until when.")]
        return not self.errors

    @property
    def windows(self) -> list[Hours]:
        if self.kind.data == "off":
            return []
        pairs = ((self.starts, self.ends), (self.starts_2, self.ends_2))
        return [
            Hours(
                starts.data,
                ends.data,
                tuple(self.channels.data),
                self.is_public.data,
                self.on_closed_days.data,
            )
            for starts, ends in pairs
            if starts.data is not None and ends.data is not None
        ]


class AbsenceForm(RuleForm):
    """From when to when somebody is away. Without times, whole days."""

    day = Day(_l("First day"))
    starts = Hour(_l("From what time (optional)"), is_needed=False)
    last_day = Day(_l("Last day"))
    ends = Hour(_l("Until what time (optional)"), is_needed=False)
    reason = Words(_l("Why (optional, only for the staff)"), 120)

    def validate_last_day(self, field: Day) -> None:
        if field.data and self.day.data and field.data < self.day.data:
            raise ValidationError(AbsenceBackwards.message)

    def span(self, town: Town, now: datetime) -> tuple[datetime, datetime]:
        """Instants on the wall of the town. Today without a time means from now on."""
        first, last = self.day.data or date.max, self.last_day.data or date.min
        starts_at = datetime.combine(first, self.starts.data or time(), town.zone)
        if self.ends.data:
            ends_at = datetime.combine(last, self.ends.data, town.zone)
        else:
            ends_at = datetime.combine(last + timedelta(days=1), time(), town.zone)
        is_today = first == now.astimezone(town.zone).date()
        if is_today and self.starts.data is None:
            starts_at = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        return starts_at, ends_at


class ClosureForm(RuleForm):
    """A day on which the town or one office is closed, or open all the same."""

    day = Day(_l("Which day"))
    where = SelectField(_l("Where"), coerce=int)
    kind = RadioField(
        _l("What happens that day?"),
        choices=[
            SelectChoice("closed", _l("It is closed")),
            SelectChoice("open", _l("It is open all the same, although it is a holiday")),
        ],
        default="closed",
    )
    reason = Words(_l("Name of the day, or why"), 120)

    def __init__(self, *args: Any, offices: list[Office], **options: Any) -> None:
        super().__init__(*args, **options)
        self.where.choices = places(offices)


class SeasonForm(RuleForm):
    """Some weeks with shorter hours."""

    first_day = Day(_l("First day"))
    last_day = Day(_l("Last day"))
    is_yearly = BooleanField(_l("Every year, on the same dates"), default=True)
    opens = Hour(_l("It opens at"))
    closes = Hour(_l("It closes at"))
    where = SelectField(_l("Where"), coerce=int)
    reason = Words(_l("Name, for example: summer hours"), 120)

    def __init__(self, *args: Any, offices: list[Office], **options: Any) -> None:
        super().__init__(*args, **options)
        self.where.choices = places(offices)


def places(offices: list[Office]) -> list[tuple[int, str]]:
    """The whole town first; then each office by its name."""
    own = [(office.id, str(in_language(office.name))) for office in offices]
    return [(0, _("The whole town")), *own]


class ProcedureForm(RuleForm):
    """How long a procedure takes, and how its times are shared out."""

    video = Number(_l("Minutes by video call"), is_needed=False)
    video_before = Number(_l("Minutes before, by video call"), default=0)
    video_after = Number(_l("Minutes after, by video call"), default=0)
    phone = Number(_l("Minutes by telephone"), is_needed=False)
    phone_before = Number(_l("Minutes before, by telephone"), default=0)
    phone_after = Number(_l("Minutes after, by telephone"), default=0)
    in_person = Number(_l("Minutes at the town hall"), is_needed=False)
    in_person_before = Number(_l("Minutes before, at the town hall"), default=0)
    in_person_after = Number(_l("Minutes after, at the town hall"), default=0)
    more_time_percent = Number(_l("Longer for who needs more time, in %"))
    interpreter_percent = Number(_l("Longer with a sign-language interpreter, in %"))
    notice_minutes = Number(_l("Minutes of notice, at the least"), is_needed=False)
    horizon_days = Number(_l("Days ahead that can be booked"), is_needed=False)
    same_day_percent = Number(_l("Opened on the same day, in %"))
    staff_percent = Number(_l("Booked by the staff alone, in %"))
    walk_in_percent = Number(_l("For people who come without a time, in %"))
    takes_walk_ins = BooleanField(_l("People may come without a time"))
    visits_per_phone = Number(_l("Visits ahead for each telephone, at the most"), is_needed=False)
    alarm_days = Number(_l("Days to the first free time before the alarm"), is_needed=False)
    recording = SelectField(_l("Is the meeting recorded?"))
    recording_spoken = BooleanField(_l("They also say aloud that they agree, in the recording"))
    retention_days = Number(_l("Days for which its visits are kept"), is_needed=False)

    PLAIN = (
        "more_time_percent",
        "interpreter_percent",
        "notice_minutes",
        "horizon_days",
        "same_day_percent",
        "staff_percent",
        "walk_in_percent",
        "takes_walk_ins",
        "visits_per_phone",
        "alarm_days",
        "recording",
        "recording_spoken",
        "retention_days",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.recording.choices = [(rule.value, recording_name(rule)) for rule in Recording]

    @staticmethod
    def values_of(procedure: Procedure) -> dict[str, Any]:
        """What the form shows of a procedure."""
        values: dict[str, Any] = {}
        for channel in Channel:
            before, after = procedure.buffer(channel.value)
            values[channel.value] = procedure.minutes.get(channel.value)
            values[f"{channel.value}_before"] = before
            values[f"{channel.value}_after"] = after
        values.update({name: getattr(procedure, name) for name in ProcedureForm.PLAIN})
        return values

    @property
    def fields(self) -> dict[str, Any]:
        """What the register is told."""
        minutes = {
            channel.value: self[channel.value].data
            for channel in Channel
            if self[channel.value].data is not None
        }
        buffers = {
            channel: [self[f"{channel}_before"].data or 0, self[f"{channel}_after"].data or 0]
            for channel in minutes
        }
        kept = {channel: pair for channel, pair in buffers.items() if pair != [0, 0]}
        plain = {name: self[name].data for name in self.PLAIN}
        return {"minutes": minutes, "buffers": kept, **plain}


class TownForm(RuleForm):
    """The limits of the whole town."""

    region = SelectField(_l("Region whose holidays are kept"))
    grid_minutes = SelectField(_l("Visits begin every so many minutes"), coerce=int)
    notice_minutes = Number(_l("Minutes of notice, at the least"))
    horizon_days = Number(_l("Days ahead that can be booked"))
    visits_per_phone = Number(_l("Visits ahead for each telephone, at the most"))
    trade_minutes = Number(_l("Minutes that a cancelled time rests"))
    early_minutes = Number(_l("Minutes before the visit when the waiting room opens"))
    late_minutes = Number(_l("Minutes that we wait for who is late"))
    calls_before_no_show = Number(_l("Calls before somebody counts as not come"))
    alarm_days = Number(_l("Days to the first free time before the alarm"))
    has_plain_sms = BooleanField(_l("Write SMS without accents, so that they cost less"))
    media = RadioField(
        _l("How picture and sound travel"),
        choices=[
            SelectChoice(Media.MESH.value, _l("Directly between the people of a call")),
            SelectChoice(Media.JANUS.value, _l("Through the media server of this installation")),
        ],
    )

    NAMES = (
        "has_plain_sms",
        "media",
        "region",
        "grid_minutes",
        "notice_minutes",
        "horizon_days",
        "visits_per_phone",
        "trade_minutes",
        "early_minutes",
        "late_minutes",
        "calls_before_no_show",
        "alarm_days",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.region.choices = [("", _("None: only what the town writes")), *REGIONS.items()]
        self.grid_minutes.choices = [(step, str(step)) for step in STEPS]

    @staticmethod
    def values_of(town: Town) -> dict[str, Any]:
        values = {name: getattr(town, name) for name in TownForm.NAMES}
        return {**values, "region": town.region or "", "media": town.media.value}

    @property
    def fields(self) -> dict[str, Any]:
        values = {name: self[name].data for name in self.NAMES}
        return {**values, "region": values["region"] or None, "media": Media(values["media"])}


class ResourceForm(RuleForm):
    """A desk, a booth, an interpreter or a clerk: its name and where it stands."""

    kind = RadioField(
        _l("What is it?"),
        choices=[
            SelectChoice(ResourceKind.DESK.value, _l("A desk")),
            SelectChoice(ResourceKind.BOOTH.value, _l("A booth")),
            SelectChoice(ResourceKind.INTERPRETER.value, _l("An interpreter")),
        ],
        default=ResourceKind.DESK.value,
    )
    name = Words(_l("Name"), 80)
    where = SelectField(_l("Office"), coerce=int)
    buffer_minutes = Number(_l("Minutes that it needs after each visit"), default=0)
    signs = Several(
        _l("Sign languages"),
        choices=[
            SelectChoice(SignLanguage.LSE.value, _l("Spanish sign language (LSE)")),
            SelectChoice(SignLanguage.LSC.value, _l("Catalan sign language (LSC)")),
        ],
    )
    is_active = BooleanField(_l("It is in use: visits can be given to it"), default=True)

    NAMES = ("name", "office_id", "buffer_minutes", "signs", "is_active")

    def __init__(self, *args: Any, offices: list[Office], **options: Any) -> None:
        super().__init__(*args, **options)
        self.where.choices = [(0, _("None in particular")), *places(offices)[1:]]

    def validate_name(self, field: Words) -> None:
        if not field.data:
            raise ValidationError(NAME_MISSING)

    def validate_buffer_minutes(self, field: Number) -> None:
        if field.data is not None and not 0 <= field.data <= 120:
            raise ValidationError(
                _("Write a number between %(least)s and %(most)s.", least=0, most=120)
            )

    @property
    def fields(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "office_id": self.where.data or None,
            "buffer_minutes": self.buffer_minutes.data,
            "signs": list(self.signs.data or []),
            "is_active": self.is_active.data,
        }


class SkillsForm(RuleForm):
    """What somebody attends, and in which languages."""

    procedures = Several(_l("What they attend"), coerce=int)
    languages = Several(_l("Languages in which they attend"))

    def __init__(self, *args: Any, procedures: list[Procedure], **options: Any) -> None:
        super().__init__(*args, **options)
        self.procedures.choices = [(one.id, one.name_in()) for one in procedures]
        self.languages.choices = [(one.slug, one.label) for one in LANGUAGES.values()]


class PlannerForm(FlaskForm):
    """How many people come and how long they take: to see how many clerks are enough."""

    class Meta:
        csrf = False  # it asks and changes nothing

    arrivals = Number(_l("People who come in an hour"), default=12)
    minutes = Number(_l("Minutes of each attention"), default=15)
    patience = Number(_l("Minutes until who waits gives up (empty: nobody does)"), is_needed=False)
    within = Number(_l("Minutes that people may wait"), default=10)
    share = Number(_l("For how many of every 100"), default=80)

    def validate_arrivals(self, field: Number) -> None:
        self._between(field, 1, 500)

    def validate_minutes(self, field: Number) -> None:
        self._between(field, 1, 240)

    def validate_patience(self, field: Number) -> None:
        if field.data is not None:
            self._between(field, 1, 600)

    def validate_within(self, field: Number) -> None:
        self._between(field, 0, 240)

    def validate_share(self, field: Number) -> None:
        self._between(field, 1, 99)

    def _between(self, field: Number, least: int, most: int) -> None:
        if field.data is not None and not least <= field.data <= most:
            raise ValidationError(
                _("Write a number between %(least)s and %(most)s.", least=least, most=most)
            )
