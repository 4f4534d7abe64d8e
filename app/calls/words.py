"""How people and endings of a call are named on screens."""

from flask import Flask
from flask_babel import gettext as _

from app.calls.models import Ending, Part


def init_app(app: Flask) -> None:
    app.add_template_global(part_name)
    app.add_template_global(ending_name)


def part_name(part: str) -> str:
    return {
        Part.CITIZEN.value: _("Citizen"),
        Part.CLERK.value: _("Town hall"),
        Part.COLLEAGUE.value: _("Colleague"),
        Part.INTERPRETER.value: _("Interpreter"),
        Part.COMPANION.value: _("Companion"),
    }[part]


def ending_name(ending: str) -> str:
    return {
        Ending.ONGOING.value: _("going on"),
        Ending.HUNG_UP.value: _("hung up"),
        Ending.ENDED.value: _("ended by the town hall"),
        Ending.REPLACED.value: _("went on in another window"),
        Ending.CLOSED.value: _("window closed"),
        Ending.LOST.value: _("line lost"),
    }[ending]
