"""How requests, their states and their ways are called on screens."""

from decimal import Decimal

from babel.numbers import format_currency
from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as _

from app.requests import queries
from app.requests.models import Kind, Request, State, Way


def init_app(app: Flask) -> None:
    for word in (kind_name, way_name, state_name, answer_name, money, yes_name, icon_of):
        app.add_template_global(word, f"request_{word.__name__}")
    app.add_template_global(queries.current_in, "current_request")
    app.add_template_global(queries.last_answered, "last_request")
    app.add_template_global(queries.asked_in, "requests_of")
    app.add_template_global(queries.script_of)
    app.add_template_global(queries.offers, "request_offers")


def kind_name(kind: str) -> str:
    return {
        Kind.PAPER.value: _("Send a paper"),
        Kind.TEXT.value: _("Accept a text"),
        Kind.DATA.value: _("Confirm some data"),
        Kind.IDENTIFY.value: _("Show who they are"),
        Kind.SIGN.value: _("Sign"),
        Kind.PAY.value: _("Pay"),
    }[kind]


def way_name(way: str) -> str:
    return {
        Way.SMS.value: _("With a code by SMS"),
        Way.PASSKEY.value: _("With a passkey"),
        Way.EID.value: _("With a national identity"),
        Way.CLERK.value: _("By showing face and document to you"),
        Way.LINK.value: _("On the signing page of the town"),
    }[way]


def state_name(request: Request) -> str:
    """To the clerk. What is too late is said to be so before the register is tidied up."""
    state = State.EXPIRED if request.is_late else request.state
    if state is State.ASKED and request.expires_at is None:
        return _("Waits for the one before it")
    return {
        State.ASKED: _("Is on their screen"),
        State.DONE: _("Done"),
        State.REFUSED: _("They said no"),
        State.WITHDRAWN: _("Withdrawn"),
        State.EXPIRED: _("No answer in time"),
    }[state]


def answer_name(request: Request) -> str:
    """To the citizen: what became of the last one."""
    return {
        State.DONE: _("Thank you. It is done."),
        State.REFUSED: _("You said no. That is all right."),
        State.WITHDRAWN: _("The town hall no longer asks for it."),
        State.EXPIRED: _("The time to answer is over. You need do nothing."),
    }.get(request.state, "")


def yes_name(request: Request) -> str:
    """What the citizen presses, in words that say what happens."""
    return {
        Kind.TEXT: _("I accept"),
        Kind.SIGN: _("Send me the code to sign"),
        Kind.IDENTIFY: _("Send me the code"),
    }.get(request.kind, _("Yes"))


def icon_of(kind: str) -> str:
    return {
        Kind.PAPER.value: "camera",
        Kind.TEXT.value: "text",
        Kind.DATA.value: "check",
        Kind.IDENTIFY.value: "person",
        Kind.SIGN.value: "key",
        Kind.PAY.value: "save",
    }[kind]


def money(cents: int | None) -> str:
    """`12,50 €` as the reader writes it."""
    return str(format_currency(Decimal(cents or 0) / 100, "EUR", locale=get_locale() or "es"))
