"""What somebody accepted or signed is sealed word by word, with how they did it."""

import json
import subprocess

import pytest

from app.acts import queries, sealing, services
from app.acts.services import making
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.requests import services as requests
from app.requests.models import Kind, State, Way
from app.requests.queries import Words
from app.requests.services import Said
from tests import town

BODY = "Sol·licito el padró.\nLes dades són certes."


@pytest.fixture
def ask(attended, clerk):
    """The clerk asks for something, in those words."""

    def asked(kind, title, body=BODY, **more):
        words = Words(kind, attended.reads, title, body, version="padro.1", **more)
        made = requests.ask(attended, clerk, words, token=title)
        db.session.commit()
        return made

    return asked


def said_in(act) -> dict:
    return json.loads(sealing.manifest_in(making.read(act.edition)))


def read_aloud(pdf: bytes) -> str:
    """What stands on its pages."""
    shown = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True)
    return " ".join(shown.stdout.decode().split())


def sealed(visit):
    """Its act, when the visit is over."""
    booking.move_on(visit, Status.SERVED)
    db.session.commit()
    (act,) = queries.acts_of(visit)
    services.go_on(act)
    assert act.is_sealed, act.problem
    return act


def sign(citizen, request) -> None:
    """On their own screen, with the code that came to the telephone."""
    visit = request.visit
    page = f"{town.base(visit.town)}/ca/visits/{visit.code}/asked"
    sent = {"request": request.code, "seen": request.text_digest}
    town.send(citizen, page, said="code", **sent)
    code = town.digits_sent(town.sent_to(visit.phone)[-1])
    assert town.send(citizen, page, said="yes", code=code, **sent).status_code == 303
    assert request.state is State.DONE


def test_a_text_signed_with_a_code_is_sealed_word_by_word(ask, citizen, attended):
    request = ask(Kind.SIGN, "Signeu la sol·licitud", way=Way.SMS)
    sign(citizen, request)

    (said,) = said_in(sealed(attended))["requests"]

    assert (said["title"], said["body"]) == ("Signeu la sol·licitud", BODY)
    assert (said["state"], said["way"]) == ("done", "sms")
    assert said["answer"] == {"how": "screen", "phone_ending": attended.phone[-3:]}
    words = Words(Kind.SIGN, "ca", said["title"], said["body"], way=Way.SMS)
    assert said["text_sha256"] == words.digest


def test_the_paper_says_what_was_signed_and_how(ask, citizen, attended):
    sign(citizen, ask(Kind.SIGN, "Signeu la sol·licitud", way=Way.SMS))

    text = read_aloud(making.read(sealed(attended).edition))

    assert "Les dades són certes." in text
    assert f"acaba en {attended.phone[-3:]}" in text
    assert f"termina en {attended.phone[-3:]}" in text


def test_corrected_data_and_a_no_are_in_it_too(ask, clerk, attended):
    data = ask(Kind.DATA, "Les vostres dades", fields=(("Carrer", "Major, 7"), ("Pis", "2")))
    requests.note(data, clerk, Said(True, data.text_digest, ("Major, 9", "2")))
    text = ask(Kind.TEXT, "Avís per correu")
    requests.note(text, clerk, Said(False, text.text_digest))
    db.session.commit()
    booking.move_on(attended, Status.SERVED)
    act = services.ask(attended, clerk)
    db.session.commit()
    services.go_on(act)

    data_said, text_said = said_in(act)["requests"]
    assert data_said["fields"] == [["Carrer", "Major, 7"], ["Pis", "2"]]
    assert data_said["answer"] == {
        "how": "spoken",
        "values": ["Major, 9", "2"],
        "corrected": ["Carrer"],
    }
    assert text_said["state"] == "refused"
    written = read_aloud(making.read(act.edition))
    assert "Major, 9" in written
    assert "Major, 7" not in written


def test_a_visit_in_which_nothing_was_accepted_has_no_act_of_its_own_accord(ask, clerk, attended):
    text = ask(Kind.TEXT, "Avís per correu")
    requests.note(text, clerk, Said(False, text.text_digest))
    booking.move_on(attended, Status.SERVED)
    db.session.commit()

    assert queries.acts_of(attended) == []
