"""What the clerk asks, withdraws, writes down and ticks; and what only their own counter may."""

import re

import pytest

from app.assurance import queries as assurance
from app.assurance import services as assurance_errands
from app.core import clock
from app.core.db import db
from app.requests import queries, services
from app.requests.models import Kind, State, Way
from app.requests.services import Said
from tests import town

CONSENT = {
    "key": "copies",
    "kind": "text",
    "title": {"ca": "Accepteu la còpia?", "es": "¿Acepta la copia?"},
    "body": {"ca": "En guardem còpia cinc anys.", "es": "Guardamos copia cinco años."},
}
SCRIPT = {
    "steps": [{"ca": "Salutar", "es": "Saludar"}, {"ca": "Mirar el domicili"}],
    "phrases": [{"ca": "Bon dia, soc de l'ajuntament."}],
    "papers": [{"ca": "DNI vigent"}],
}


def base(visit):
    return f"{town.base(visit.town)}/desk/visits/{visit.code}"


def lists(visit):
    return f"{base(visit)}/requests"


@pytest.fixture
def offer(visit, padron):
    padron.requests = [CONSENT]
    db.session.commit()
    return queries.offers(visit)[0]


def test_what_the_procedure_defines_is_asked_with_one_press_and_two_ask_once(desk, visit, offer):
    page = desk.get(base(visit)).text
    fields = {name: town.field_in(page, name) for name in ("key", "mark", "token")}

    statuses = [
        town.send(desk, lists(visit), base(visit), **fields).status_code for _press in range(2)
    ]

    asked = queries.asked_in(visit)
    assert statuses == [303, 303]
    assert [one.title for one in asked] == ["Accepteu la còpia?"]
    assert asked[0].text_version == "padron.copies.1"


def test_the_same_press_after_the_answer_asks_again(desk, visit, offer):
    page = desk.get(base(visit)).text
    fields = {name: town.field_in(page, name) for name in ("key", "mark", "token")}
    town.send(desk, lists(visit), base(visit), **fields)
    first = queries.asked_in(visit)[0]
    services.answer(first, Said(True, first.text_digest))
    db.session.commit()

    town.send(desk, lists(visit), base(visit), **fields)

    assert [one.state for one in queries.asked_in(visit)] == [State.DONE, State.ASKED]


def test_a_text_edited_since_it_was_read_is_not_asked(desk, visit, offer, padron):
    padron.requests = [{**CONSENT, "body": {"ca": "En guardem còpia deu anys."}}]
    db.session.commit()

    sent = town.send(desk, lists(visit), base(visit), key=offer.key, mark=offer.words.digest)

    assert sent.status_code == 409
    assert queries.asked_in(visit) == []


def test_it_is_asked_in_the_language_that_the_citizen_reads(visit, offer):
    visit.reads = "va"

    assert queries.offers(visit)[0].words.title == "Accepteu la còpia?"
    visit.reads = "gl"
    assert queries.offers(visit)[0].words.title == "¿Acepta la copia?"


def test_something_else_is_asked_in_the_clerks_own_words(desk, visit):
    sent = town.send(
        desk,
        f"{lists(visit)}/new",
        kind="data",
        way="",
        title="És correcte?",
        body="",
        lines="Carrer: Major 4\nPis:",
        amount="",
        token="own-words-1",
    )

    asked = queries.asked_in(visit)[0]
    assert sent.status_code == 303
    assert asked.kind is Kind.DATA
    assert asked.fields == [
        {"label": "Carrer", "value": "Major 4"},
        {"label": "Pis", "value": ""},
    ]
    assert asked.text_version == queries.FREE


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "  "},
        {"title": "x" * 201},
        {"kind": "text", "body": ""},
        {"kind": "data", "lines": "no colon"},
        {"kind": "data", "lines": ""},
        {"kind": "data", "lines": "\n".join(f"a{n}: b" for n in range(9))},
        {"kind": "pay", "amount": "12"},
        {"kind": "secret"},
        {"way": "telepathy"},
        {"body": "x" * 6001},
    ],
)
def test_what_cannot_be_asked_comes_back_with_a_sentence(desk, visit, fields):
    fields = {"kind": "paper", "title": "El DNI", "body": "", "token": "12345678", **fields}

    sent = town.send(desk, f"{lists(visit)}/new", **fields)

    assert sent.status_code == 422
    assert 'id="error-summary"' in sent.text
    assert queries.asked_in(visit) == []


def test_asking_from_the_call_never_leaves_its_page(desk, visit):
    token = town.token_in(desk.get(f"{lists(visit)}/new").text)

    sent = desk.post(
        f"{lists(visit)}/new",
        data={"csrf_token": token, "kind": "paper", "title": "El DNI", "token": "12345678"},
        headers={"HX-Request": "true"},
    )

    assert sent.status_code == 200
    assert "HX-Redirect" not in sent.headers
    assert "El DNI" in sent.text


def test_the_clerk_writes_down_what_was_said_aloud(desk, visit, ask):
    request = ask()
    db.session.commit()

    town.send(
        desk,
        f"{lists(visit)}/{request.code}/note",
        base(visit),
        said="yes",
        seen=request.text_digest,
    )

    assert request.state is State.DONE
    assert request.answer["how"] == "spoken"


def test_nobody_signs_for_somebody_else(desk, visit, ask):
    request = ask(Kind.SIGN, "Sign", way=Way.SMS)
    db.session.commit()

    sent = town.send(
        desk,
        f"{lists(visit)}/{request.code}/note",
        base(visit),
        said="yes",
        seen=request.text_digest,
    )

    assert sent.status_code == 409
    assert request.is_open


def test_withdrawing_and_asking_again(desk, visit, ask):
    request = ask()
    db.session.commit()

    town.send(desk, f"{lists(visit)}/{request.code}/withdraw", base(visit))
    town.send(desk, f"{lists(visit)}/{request.code}/repeat", base(visit), token="once more")

    assert [one.state for one in queries.asked_in(visit)] == [State.WITHDRAWN, State.ASKED]


def test_only_the_clerk_of_the_visit_asks(client, visit, padron, ask):
    request = ask()
    other = town.a_clerk(padron, name="Joan Riu")
    town.enter(client, other)
    page = f"{town.base(visit.town)}/desk/"

    for path in ("requests", "requests/new", f"requests/{request.code}/withdraw", "script"):
        sent = town.send(client, f"{base(visit)}/{path}", page, title="x", kind="paper")
        assert sent.status_code == 404, path

    assert request.is_open


def test_showing_oneself_to_the_clerk_is_the_check_with_its_own_words(desk, citizen, visit, clerk):
    assurance_errands.authorise(
        clerk, clock.today(visit.town.time_zone), None, reference="1/2026", by=None
    )
    db.session.commit()
    town.send(
        desk,
        f"{lists(visit)}/new",
        kind="identify",
        way="clerk",
        title="Qui sou?",
        token="12345678",
    )
    request = queries.asked_in(visit)[0]
    check = assurance.open_check(visit)
    shown = citizen.get(f"{town.base(visit.town)}/ca/visits/{visit.code}/asked").text

    assurance_errands.agree(check, False)

    assert 'class="asked__form"' not in shown  # the check asks; one card at a time
    assert request.state is State.REFUSED


def test_withdrawing_the_check_stops_it(desk, visit, clerk):
    assurance_errands.authorise(
        clerk, clock.today(visit.town.time_zone), None, reference="1/2026", by=None
    )
    db.session.commit()
    town.send(
        desk,
        f"{lists(visit)}/new",
        kind="identify",
        way="clerk",
        title="Qui sou?",
        token="12345678",
    )
    request = queries.asked_in(visit)[0]

    town.send(desk, f"{lists(visit)}/{request.code}/withdraw", base(visit))

    assert request.state is State.WITHDRAWN
    assert assurance.open_check(visit) is None


def test_corrected_data_stand_beside_what_was_shown(desk, visit, ask):
    request = ask(Kind.DATA, "Right?", fields=(("Street", "Major 4"),))
    services.answer(request, Said(True, request.text_digest, ("Major 5",)))
    db.session.commit()

    page = desk.get(lists(visit)).text

    assert "Major 5" in page
    assert "<s>Major 4</s>" in page


def test_the_list_is_not_sent_again_while_nothing_changes(desk, visit, ask):
    ask()
    db.session.commit()
    fragment = {"HX-Request": "true"}
    shown = desk.get(lists(visit), headers=fragment).text
    seen = re.search(r"\?seen=([^\"]+)\"", shown)[1]

    assert desk.get(f"{lists(visit)}?seen={seen}", headers=fragment).status_code == 204


# --- the script ----------------------------------------------------------------------------------


@pytest.fixture
def script(visit, padron):
    padron.script = SCRIPT
    visit.language = "ca"
    db.session.commit()
    return queries.script_of(visit)


def test_the_script_is_in_the_language_of_the_visit_or_the_nearest(visit, script):
    assert [line.sentence for line in script.steps] == ["Salutar", "Mirar el domicili"]
    visit.language = "es"

    again = queries.script_of(visit)

    assert [line.sentence for line in again.steps] == ["Saludar", "Mirar el domicili"]


def test_steps_are_ticked_and_unticked_and_kept_with_the_visit(desk, visit, script):
    key = script.steps[0].key

    town.send(desk, f"{base(visit)}/script", base(visit), key=key, done="yes")
    town.send(desk, f"{base(visit)}/script", base(visit), key=key, done="yes")
    assert [tick.sentence for tick in queries.ticks_of(visit)] == ["Salutar"]

    town.send(desk, f"{base(visit)}/script", base(visit), key=key, done="no")
    assert queries.ticks_of(visit) == []


def test_what_was_ticked_stays_when_the_script_is_written_anew(visit, clerk, padron, script):
    services.tick(visit, clerk, script.papers[0].key, True)
    padron.script = {"steps": [{"ca": "Un altre"}]}

    again = queries.script_of(visit)

    assert [line.sentence for line in again.steps] == ["DNI vigent", "Un altre"]
    assert again.done == 1


def test_a_step_that_is_in_no_script_is_missing(desk, visit, script):
    sent = town.send(desk, f"{base(visit)}/script", base(visit), key="nothing", done="yes")

    assert sent.status_code == 404
