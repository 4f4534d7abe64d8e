"""Administrators write procedures: languages side by side, editions, and being on offer."""

import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from app.accounts.models import Role
from app.booking.models import Status, Visit
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.db import db
from app.office import services
from app.office.errors import HalfTranslated, ProcedureUsed
from app.office.queries import editing
from app.privacy import jobs
from app.towns import queries as towns
from app.towns.models import Procedure, Recording, Stage
from tests import town

EVERY = tuple(Stage)


@pytest.fixture
def place():
    return town.a_town(languages=("ca", "es"))


@pytest.fixture
def padron(place):
    made = town.a_procedure(
        name={"ca": "Padró", "es": "Padrón"},
        summary={"ca": "Inscriviu-vos.", "es": "Inscríbase."},
        papers=[{"ca": "DNI", "es": "DNI"}, {"ca": "Contracte"}],
        outcomes={"done": {"ca": "Fet", "es": "Hecho"}},
        script={"steps": [{"ca": "Salutar", "es": "Saludar"}]},
    )
    db.session.commit()
    return made


@pytest.fixture
def boss(place):
    person = town.a_supervisor(role=Role.ADMINISTRATOR)
    db.session.commit()
    return person


@pytest.fixture
def office(client, boss):
    town.enter(client, boss)
    return client


def at(place, path=""):
    return f"{town.base(place)}/office/procedures/padron{path}"


def form_of(client, url):
    """The fields of the form of that page, as they stand there."""
    page = client.get(url).text
    form = page.split('id="office-form"')[1].split("</form>")[0]
    fields = {
        name: unescape(text).lstrip("\r\n")
        for name, text in re.findall(
            r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S
        )
    }
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            fields[name[1]] = unescape(value[1]) if value else ""
    return fields


def test_languages_stand_side_by_side_and_say_what_people_read_meanwhile(office, place, padron):
    page = office.get(at(place, "/texts/es")).text

    assert "Contracte" in page  # beside, in Catalan
    assert page.count('class="tag tag--warning"') == 1


def test_what_is_written_in_one_language_leaves_the_others(office, place, padron):
    url = at(place, "/texts/es")
    fields = {**form_of(office, url), "papers-1": "Contrato", "name": "Alta"}

    assert office.post(url, data=fields).status_code == 303

    assert padron.papers == [{"ca": "DNI", "es": "DNI"}, {"ca": "Contracte", "es": "Contrato"}]
    assert padron.name == {"ca": "Padró", "es": "Alta"}
    assert editing.missing(place, padron) == {}


def test_two_administrators_the_second_sees_the_difference_and_loses_nothing(office, place, padron):
    url = at(place, "/texts/es")
    second = {**form_of(office, url), "name": "Padrón municipal"}
    first = {**form_of(office, url), "name": "Empadronarse"}
    office.post(url, data=first)

    sent = office.post(url, data=second)

    assert sent.status_code == 409
    assert "Empadronarse" in sent.text
    assert "Padrón municipal" in sent.text
    assert padron.name["es"] == "Empadronarse"


def test_a_line_that_stays_keeps_its_translations_and_a_new_one_has_none(office, place, padron):
    url = at(place, "/lists")
    fields = {**form_of(office, url), "papers": "Contracte\nLlibre de família\nDNI"}

    assert office.post(url, data=fields).status_code == 303

    assert padron.papers == [
        {"ca": "Contracte"},
        {"ca": "Llibre de família"},
        {"ca": "DNI", "es": "DNI"},
    ]
    assert padron.outcomes == {"done": {"ca": "Fet", "es": "Hecho"}}
    assert padron.script == {"steps": [{"ca": "Salutar", "es": "Saludar"}]}


def test_the_same_thing_in_other_words_keeps_what_was_translated(office, place, padron):
    url = at(place, "/lists")
    fields = {**form_of(office, url), "outcomes": "Tot fet", "steps": "Dir bon dia"}

    office.post(url, data=fields)

    assert padron.outcomes == {"done": {"ca": "Tot fet", "es": "Hecho"}}
    assert padron.script == {"steps": [{"ca": "Dir bon dia", "es": "Saludar"}]}


@pytest.mark.parametrize(
    "papers", ["DNI\nDNI", "\n".join(f"Paper {n}" for n in range(41)), "x" * 2001]
)
def test_lists_that_cannot_be_kept_come_back_with_a_sentence(office, place, padron, papers):
    url = at(place, "/lists")

    sent = office.post(url, data={**form_of(office, url), "papers": papers})

    assert sent.status_code == 422
    assert padron.papers[0] == {"ca": "DNI", "es": "DNI"}


def test_every_change_is_an_edition_with_who_and_what_and_one_goes_back(
    office, place, padron, boss
):
    url = at(place, "/texts/es")
    office.post(url, data={**form_of(office, url), "name": "Otro nombre"})
    editions = editing.editions(padron)

    page = office.get(at(place, "/history/1")).text
    sent = town.send(office, at(place, "/history/1"))

    assert [(one.number, one.by_id, one.changed) for one in editions] == [
        (2, boss.id, ["name"]),
        (1, None, []),
    ]
    assert "Otro nombre" in page
    assert sent.status_code == 303
    assert padron.name["es"] == "Padrón"
    assert [one.number for one in editing.editions(padron)] == [3, 2, 1]
    assert padron.edition == 3


def test_what_another_door_changed_is_an_edition_too(padron, boss):
    services.change(padron, boss, icon="clock")
    padron.assurance = {"act": "checked"}

    services.change(padron, boss, icon="check")

    kept = [(one.changed, one.by_id) for one in editing.editions(padron)]
    assert kept == [(["icon"], boss.id), (["assurance"], None), (["icon"], boss.id), ([], None)]


def test_rules_say_whether_it_is_recorded_and_how_long_it_is_kept(office, place, padron):
    page = office.get(at(place)).text
    fields = {**form_of(office, at(place)), "recording": "may", "retention_days": "90"}
    fields["recording_spoken"] = "y"

    assert 'name="recording"' in page
    assert office.post(at(place), data=fields).status_code == 303

    assert padron.recording is Recording.MAY
    assert padron.recording_spoken
    assert padron.retention_days == 90


def test_a_half_translated_procedure_is_put_on_offer_only_knowingly(office, place, padron):
    town.send(office, at(place, "/stage"), to="draft")
    assert padron.stage is Stage.DRAFT

    refused = town.send(office, at(place, "/stage"), to="offered")
    assert refused.status_code == 409
    assert padron.stage is Stage.DRAFT
    with pytest.raises(HalfTranslated):
        services.offer(place, padron)

    town.send(office, at(place, "/stage"), to="offered", knowingly="yes")
    assert padron.stage is Stage.OFFERED


def test_what_is_not_on_offer_is_found_by_nobody(office, client, place, padron):
    town.send(office, at(place, "/stage"), to="archived")

    assert towns.procedures() == []
    page = f"{town.base(place)}/ca/procedures/padron"
    assert client.get(page).status_code == 404
    assert client.get(f"{page}/times?channel=video").status_code == 404
    assert office.get(at(place)).status_code == 200


def test_what_is_used_is_archived_and_not_deleted(office, place, padron):
    town.a_clerk(padron)
    visit = town.a_visit(town.a_wish(place, padron))

    sent = town.send(office, at(place, "/stage"), to="archived")
    gone = town.send(office, at(place, "/stage"), to="gone")

    assert (sent.status_code, gone.status_code) == (303, 409)
    assert towns.procedure_or_404("padron", stages=EVERY) is padron
    assert visit.is_live
    with pytest.raises(ProcedureUsed):
        services.remove(padron)


def test_what_nobody_ever_came_for_can_be_deleted(office, place, padron):
    town.a_clerk(padron)
    db.session.commit()

    town.send(office, at(place, "/stage"), to="draft")
    town.send(office, at(place, "/stage"), to="gone")

    assert db.session.scalars(sa.select(Procedure)).all() == []


def test_one_of_the_catalogue_comes_with_its_texts_and_is_not_on_offer(office, place, padron):
    url = f"{town.base(place)}/office/procedures/new"
    number = str(padron.office_id)

    sent = town.send(office, url, source="fe-de-vida", office=number)
    again = town.send(office, url, source="fe-de-vida", office=number)

    made = towns.procedure_or_404("fe-de-vida", stages=EVERY)
    assert sent.status_code == 303
    assert made.stage is Stage.DRAFT
    assert made.name["eu"] == "Bizi-fedea"
    assert again.status_code == 422


def test_one_of_the_towns_own_begins_with_a_name(office, place, padron):
    url = f"{town.base(place)}/office/procedures/new"
    fields = {"source": "", "office": str(padron.office_id), "name": "Platja", "minutes": "15"}

    wrong = town.send(office, url, **fields, slug="Platja gran")
    taken = town.send(office, url, **fields, slug="padron")
    right = town.send(office, url, **fields, slug="platja")

    assert (wrong.status_code, taken.status_code, right.status_code) == (422, 422, 303)
    made = towns.procedure_or_404("platja", stages=EVERY)
    assert made.name == {"ca": "Platja"}
    assert editing.missing(place, made) == {"ca": 1, "es": 2}


def test_the_report_names_what_is_missing_where(office, place, padron):
    page = office.get(f"{town.base(place)}/office/translations").text

    assert 'id="missing-padron-es"' in page
    assert 'id="missing-padron-ca"' not in page


def test_a_preview_reads_as_a_citizen_does_in_each_language(office, place, padron):
    town.send(office, at(place, "/stage"), to="draft")

    pages = {slug: office.get(at(place, f"/preview/{slug}")).text for slug in ("ca", "es", "eu")}

    assert "<h1>Padró</h1>" in pages["ca"]
    assert "<h1>Padrón</h1>" in pages["es"]
    assert 'lang="eu"' in pages["eu"]
    assert "<h1>Padrón</h1>" in pages["eu"]  # nothing nearer is written


def test_what_clerks_may_ask_is_put_on_the_list_and_taken_off(office, place, padron):
    url = at(place, "/requests")
    fields = {"kind": "data", "title": "És correcte?", "labels": "Carrer\nPis", "way": ""}

    wrong = town.send(office, url, kind="text", title="Res", way="")
    right = town.send(office, url, **fields)
    key = padron.requests[0]["key"]

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert padron.requests[0]["fields"] == [{"label": {"ca": "Carrer"}}, {"label": {"ca": "Pis"}}]
    assert editing.missing(place, padron)["es"] == 4
    assert town.send(office, f"{url}/{key}/remove", url).status_code == 303
    assert padron.requests == []
    assert town.send(office, f"{url}/{key}/remove", url).status_code == 404


def test_a_term_of_its_own_ends_its_visits_sooner(place, padron):
    other = town.a_procedure("other")
    for number, procedure in enumerate((padron, other)):
        town.a_clerk(procedure, name=f"Clerk {number}")
        visit = town.a_visit(town.a_wish(place, procedure), phone=f"+3460012345{number}")
        visit.status, visit.ended_at = Status.SERVED, clock.now() - timedelta(days=60)
    padron.retention_days = 30
    db.session.commit()

    assert jobs.run(place)["blocked"] == 1

    with sees_blocked():
        blocked = db.session.scalars(sa.select(Visit).where(Visit.blocked_at.is_not(None))).all()
    assert [visit.procedure_id for visit in blocked] == [padron.id]
