"""A telephone that Twilio rings: the document is played to whoever or whatever picks up.

It follows what Twilio says of its verbs. `<Gather>` asks its action only once a key was pressed,
with that key; what stands behind it is out of reach then. Without a key the next verb comes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from flask.testing import FlaskClient

from tests.messaging.twilio_stand_in import StandIn, objections_to_words

SORRY = "We are sorry, an application error has occurred. Goodbye."


@dataclass
class Heard:
    """What somebody heard, in order, and how it ended."""

    words: list[str] = field(default_factory=list)
    languages: set[str] = field(default_factory=set)
    silences: int = 0  # seconds, between the words
    times_asked: int = 0
    is_hung_up: bool = False
    status: int | None = None  # of our answer to the key

    @property
    def text(self) -> str:
        return "\n".join(self.words)


def pick_up(
    twilio: StandIn,
    client: FlaskClient,
    *keys: str,
    meanwhile: Callable[[], object] = lambda: None,
    stays: bool = False,
) -> Heard:
    """Whoever picks up the last call presses these keys, one each time that one is awaited.

    "" lets it go by; a machine presses none. `meanwhile`: happens before a key; `stays`: the call
    is not over yet.
    """
    heard, waiting = Heard(), list(keys)
    _tell(twilio, client, "in-progress")

    def play(document: str) -> None:
        for verb in ElementTree.fromstring(document):  # noqa: S314 - our own words
            if verb.tag == "Hangup":
                heard.is_hung_up = True
                return
            _hear(heard, verb)
            if verb.tag == "Gather" and _is_taken(verb, pressed := _next(heard, waiting)):
                meanwhile()
                play(_asked(twilio, client, heard, pressed))
                return

    play(twilio.received[-1]["Twiml"])
    if not stays:
        _tell(twilio, client, "completed")
    return heard


def pressed(twilio: StandIn, digit: str = "1", number: int = -1, **changes: Any) -> dict[str, Any]:
    """What Twilio asks once that key was pressed: keywords for the client of a test."""
    said = {"url": action_of(twilio, number), "Digits": digit, **changes}
    return twilio.tells("in-progress", number, **said)


def action_of(twilio: StandIn, number: int = -1) -> str:
    document = ElementTree.fromstring(twilio.received[number]["Twiml"])  # noqa: S314 - our own
    return str(document.find("Gather").get("action"))


def _tell(twilio: StandIn, client: FlaskClient, status: str) -> None:
    assert client.post(**twilio.tells(status)).status_code == 204


def _hear(heard: Heard, verb: ElementTree.Element) -> None:
    for said in verb.iter():
        if said.tag == "Say":
            heard.words.append(said.text or "")
            heard.languages.add(said.get("language", ""))
        elif said.tag == "Pause":
            heard.silences += int(said.get("length", "1"))


def _next(heard: Heard, waiting: list[str]) -> str:
    heard.times_asked += 1
    return waiting.pop(0) if waiting else ""


def _is_taken(gather: ElementTree.Element, key: str) -> bool:
    """The key that ends the waiting is none when it comes first."""
    return bool(key) and key != gather.get("finishOnKey", "#")


def _asked(twilio: StandIn, client: FlaskClient, heard: Heard, key: str) -> str:
    answer = client.post(**pressed(twilio, key))
    heard.status = answer.status_code
    is_document = answer.mimetype in ("text/xml", "application/xml")
    if answer.status_code != 200 or not is_document:
        return f"<Response><Say>{SORRY}</Say><Hangup/></Response>"
    assert list(objections_to_words(answer.text)) == []
    return answer.text
