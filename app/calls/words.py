"""How people and endings of a call are named on screens."""

from flask import Flask
from flask_babel import gettext as _

from app.calls.models import Bridging, Ending, Part


def init_app(app: Flask) -> None:
    app.add_template_global(part_name)
    app.add_template_global(ending_name)
    app.add_template_global(bridging_name)


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


def bridging_name(state: str) -> str:
    """Where the two telephones have got to, and what to do."""
    return {
        Bridging.NEAR_RINGS.value: _("Your telephone rings. Pick it up."),
        Bridging.FAR_RINGS.value: _("The citizen's telephone rings. Please wait."),
        Bridging.TALKING.value: _("You are talking with the citizen."),
        Bridging.OVER.value: _("The conversation is over."),
        Bridging.NEAR_MISSED.value: _("Your telephone was not picked up. Try again."),
        Bridging.FAR_MISSED.value: _("The citizen did not pick up. Try again in a while."),
        Bridging.GIVEN_UP.value: _("It was put down before the citizen answered."),
        Bridging.REFUSED.value: _("Your number cannot be called. Look at it, or dial yourself."),
        Bridging.NOT_NOW.value: _("Calls do not work right now. Try again, or dial yourself."),
    }[state]
