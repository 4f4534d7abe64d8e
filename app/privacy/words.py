"""How what we hold is called, and said, to the person it is about."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext as _

from app.assurance.models import DocumentKind
from app.booking.models import Status
from app.core.i18n import LANGUAGES, clock_time, date_in_words, language_name
from app.core.phones import readable
from app.papers.models import PaperState
from app.privacy.models import BlockReason, HoldReason, RequestKind, RequestState
from app.towns.models import Channel, Level, Procedure, Town


def init_app(app: Flask) -> None:
    app.add_template_global(fact)
    words: list[Callable[[str], str]] = [section_name, fact_name, step_name]
    words += [request_kind, request_state, block_reason, hold_reason]
    for word in words:
        app.add_template_global(word)


def section_name(name: str) -> str:
    return {
        "person": _("You"),
        "visits": _("Your visits"),
        "waiting_list": _("Wishes for an earlier time"),
        "messages": _("Messages that we sent you"),
        "codes": _("Codes that we sent you"),
        "passkeys": _("Your passkeys"),
        "sessions": _("Where you are signed in"),
        "identifications": _("How you were identified"),
        "calls": _("In your calls"),
        "papers": _("Papers of your visits"),
        "sealed_acts": _("Sealed records of your visits"),
        "statements": _("What you stated"),
        "asked": _("What we asked you during your visits"),
        "consents": _("Whether you agreed to be recorded"),
        "recordings": _("Recordings of your visits"),
        "files": _("Files of your visits"),
        "requests": _("What you asked about your data"),
        **_what_goes_with_it(),
    }.get(name, name)


def _what_goes_with_it() -> dict[str, str]:
    """What the person is not shown by itself, and stands in the sheet of what is held."""
    return {
        "keys_of_files": _("Keys of files"),
        "signatures": _("Signatures of sealed records"),
        "editions": _("Files of sealed records"),
        "acts": _("Acts done for an identified person"),
        "looks": _("Papers looked at together"),
        "left_to_clerk": _("Identifications left to a clerk"),
        "other_ways": _("Changes between video, telephone and office"),
        "checks": _("Checks of face and document"),
        "tickets": _("Turns in the waiting room"),
        "attempts": _("Attempts with a national identity"),
        "devices": _("Tests of a device"),
        "kiosk_stays": _("Stays at a library screen"),
        "ticks": _("Marks in the script of a visit"),
        "meetings": _("Ledgers of meetings"),
        "recoveries": _("Second checks before new passkeys"),
        "kept_answers": _("Forms kept when a session ended"),
        "telephone_calls": _("Calls by telephone"),
        "invited": _("People invited to a call"),
        "waits": _("Estimates of waits"),
        "also": _("More procedures of one visit"),
        "invitations": _("Invitations to an account"),
    }


def fact_name(name: str) -> str:
    return {
        "phone": _("Telephone"),
        "name": _("Name"),
        "locale": _("Language of your messages"),
        "created_at": _("Since"),
        "last_seen_at": _("Last time"),
        "procedure": _("Procedure"),
        "starts_at": _("Day and time"),
        "status": _("State"),
        "channel": _("How"),
        "language": _("Language"),
        "needs": _("Needs"),
        "waiting_at": _("You arrived"),
        "called_at": _("You were called"),
        "ended_at": _("It ended"),
        "identifier": _("Identifier"),
        "sealed_at": _("Sealed"),
        "text": _("What you stated"),
        "signed_at": _("Signed for you"),
        "outcome": _("What was done"),
        "next_steps": _("What you have to do now"),
        "made_at": _("Since"),
        "state": _("State"),
        "written_at": _("Written"),
        "sent_at": _("Sent"),
        "used_at": _("Used"),
        "last_used_at": _("Last time"),
        "withdrawn_at": _("Withdrawn"),
        "joined_at": _("Came in"),
        "begun_at": _("Sent"),
        "left_at": _("Left"),
        "title": _("What we asked"),
        "asked_at": _("Asked"),
        "answered_at": _("Answered"),
        "answer_state": _("State"),
        "device": _("Device"),
        "started_at": _("Since"),
        "seen_at": _("Last time"),
        "level": _("How you were identified"),
        "document_kind": _("Document"),
        "document": _("Number of the document"),
        "size": _("Size in bytes"),
        "kept_at": _("Since"),
        "kind": _("What you asked"),
        "received_at": _("Received"),
        "due_on": _("To be answered by"),
    }.get(name, name)


def fact(value: Any, town: Town, name: str = "") -> str:
    """A value as it is read aloud; nothing for what is empty."""
    if isinstance(value, datetime):
        day = date_in_words(value.astimezone(town.zone).date())
        return f"{day}, {clock_time(value, town.time_zone)}"
    if isinstance(value, date):
        return date_in_words(value)
    if isinstance(value, Procedure):
        return value.name_in()
    if isinstance(value, list):
        return ", ".join(_called("need_name", one) for one in value)
    if name == "phone" and value:
        return readable(str(value))
    return _word(value)


def _word(value: Any) -> str:
    if isinstance(value, Status):
        return _called("status_name", value.value)
    if isinstance(value, Level):
        return _called("level_name", value.value)
    if isinstance(value, DocumentKind):
        return _called("document_name", value.value)
    if isinstance(value, Channel):
        return _called("channel_name", value.value)
    if isinstance(value, RequestKind):
        return request_kind(value.value)
    if isinstance(value, RequestState):
        return request_state(value.value)
    if isinstance(value, PaperState):
        return paper_state(value)
    if value in LANGUAGES:
        return language_name(str(value))
    plain = {
        "queued": _("On its way"),
        "sending": _("On its way"),
        "sent": _("Sent"),
        "failed": _("It could not be sent"),
        "dropped": _("Not sent"),
        "unconfirmed": _("Not confirmed yet"),
        "offered": _("A time was offered"),
        "taken": _("A time was taken"),
        "open": _("Open"),
        "closed": _("Over"),
        "request_asked": _("Not answered yet"),
        "request_done": _("Done"),
        "request_refused": _("You said no"),
        "request_withdrawn": _("Withdrawn"),
        "request_expired": _("Nobody answered in time"),
    }
    return plain.get(str(value), "" if value is None else str(value))


def paper_state(state: PaperState) -> str:
    return {
        PaperState.RECEIVING: _("On its way"),
        PaperState.CHECKING: _("Being checked"),
        PaperState.READY: _("Kept"),
        PaperState.REFUSED: _("Not accepted"),
        PaperState.REMOVED: _("Removed"),
    }[state]


def _called(word: str, value: str) -> str:
    """As every template may call it: the words of other features."""
    say: Any = current_app.jinja_env.globals[word]
    return str(say(value))


def plain(value: Any) -> Any:
    """The same value for a program."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Procedure):
        return value.slug
    if isinstance(value, list):
        return [str(one) for one in value]
    return None if value is None else str(value)


def request_kind(kind: str) -> str:
    return {
        RequestKind.ACCESS.value: _("To see what we hold"),
        RequestKind.CORRECTION.value: _("To correct it"),
        RequestKind.ERASURE.value: _("To erase it"),
    }[kind]


def request_state(state: str) -> str:
    return {
        RequestState.OPEN.value: _("To be answered"),
        RequestState.DONE.value: _("Done"),
        RequestState.REFUSED.value: _("Refused"),
    }[state]


def block_reason(reason: str) -> str:
    return {
        BlockReason.ASKED.value: _("The person asked for it"),
        BlockReason.TERM.value: _("Its time was over"),
        BlockReason.OFFICE.value: _("The town hall decided it"),
    }[reason]


def hold_reason(reason: str) -> str:
    return {
        HoldReason.COURT.value: _("A judge"),
        HoldReason.PROSECUTOR.value: _("The public prosecutor"),
        HoldReason.AUTHORITY.value: _("Another administration, in its duties"),
        HoldReason.CLAIM.value: _("A claim for damages"),
    }[reason]


def step_name(step: str) -> str:
    """A line of the nightly report."""
    return {
        "counted": _("Visits counted in the figures"),
        "unconfirmed": _("Unconfirmed bookings destroyed"),
        "codes": _("Codes destroyed"),
        "messages": _("Messages destroyed"),
        "waitlist": _("Wishes for an earlier time destroyed"),
        "waits": _("Estimates of waits destroyed"),
        "blocked": _("Visits blocked"),
        "visits": _("Visits destroyed"),
        "people_blocked": _("Data of people blocked"),
        "people": _("Data of people destroyed"),
        "requests": _("Requests destroyed"),
        "audit": _("Lines of the record destroyed"),
        "statistics": _("Figures destroyed"),
    }.get(step, step)
