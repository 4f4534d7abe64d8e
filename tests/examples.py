"""One real thing for every parameter of an address, so that a new route is walked by itself.

The name of an example is what stands before the parameter in the rule, with the parameter:
`visits/<code>` in `/desk/visits/<code>/call`. A rule with a parameter that has no example fails
`tests/core/test_who_may_enter.py`: write here how to make one, in the town spoken for.
"""

import io
import re
import secrets
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

from app.accounts import services as accounts
from app.accounts.models import MAY, Account, Power, Role
from app.acts import csv
from app.acts.models import ActEdition, Grade, SealedAct, Signer, Step
from app.archive import queries as archive_queries
from app.archive import services as archive
from app.assurance import queries as assurance
from app.assurance.services import authorise
from app.booking import services as booking
from app.booking.models import Visit, WaitlistEntry
from app.calls import services as calls
from app.calls.models import Bridge, Part
from app.core import clock
from app.core.db import db, new_code
from app.desk import services as desk
from app.guides import services as guides
from app.guides.models import Kind as GuideKind
from app.identity import services as identity
from app.identity.models import Passkey, RecoveryCheck
from app.insight import services as insight
from app.insight.models import Scope
from app.kiosks import services as kiosks
from app.kiosks.models import Kiosk, OrderKind
from app.messaging import services as messaging
from app.messaging.models import Way
from app.office import services as office
from app.office.services import editing
from app.papers import queries as papers
from app.papers import services as handing_in
from app.papers.models import Side
from app.privacy import services as privacy
from app.privacy.models import Blocking, BlockReason, HoldReason, RequestKind
from app.recordings.models import Segment, State, Take, Viewing
from app.requests.models import Kind, Request
from app.requests.queries import Words
from app.schedule.models import Resource, ResourceKind, Shift
from app.towns.models import Closure, Season, Town
from tests import town
from tests.guides.films import CAPTIONS, SILENT

PARAMETER = re.compile(r"(?P<before>[\w.-]*)/<(?:\w+(?:\([^)]*\))?:)?(?P<name>\w+)>")

Make = Callable[[Town], Any]
EXAMPLES: dict[str, tuple[Make, Callable[[], Any]]] = {}


def example(name: str, missing: Callable[[], Any]) -> Callable[[Make], Make]:
    """How to make the thing of that name; `missing`: something as long that never existed."""

    def register(make: Make) -> Make:
        EXAMPLES[name] = (make, missing)
        return make

    return register


def names_in(rule: str) -> dict[str, str]:
    """The examples that a rule needs, by its parameters. The language is not one of them."""
    return {
        found["name"]: f"{found['before']}/<{found['name']}>"
        for found in PARAMETER.finditer(rule)
        if found["name"] != "lang"
    }


@example("procedures/<slug>", lambda: "nothing")
def a_procedure(place: Town) -> str:
    return town.the_procedure("padron").slug


@example("texts/<tongue>", lambda: "ca")
def a_language(place: Town) -> str:
    return "ca"


@example("history/<number>", lambda: 999_999)
def an_edition(place: Town) -> int:
    editing.keep_up(town.the_procedure("padron"))
    return 1


@example("requests/<key>", new_code)
def a_listed_request(place: Town) -> str:
    return "nothing"


@example("office/<slug>", lambda: "nothing")
def an_office(place: Town) -> str:
    return town.the_procedure("padron").office.slug


@example("visits/<code>", new_code)
def a_visit(place: Town) -> str:
    return the_visit(place).code


@example("waitlist/<code>", new_code)
def an_entry(place: Town) -> str:
    found = db.session.query(WaitlistEntry).filter_by(town_id=place.id).first()
    return (found or booking.join(the_visit(place))).code


@example("enrol/<token>", lambda: secrets.token_urlsafe(24))
def an_invitation(place: Town) -> str:
    return accounts.invite(the_person(Role.CLERK))


@example("sms/<code>", new_code)
def a_message(place: Town) -> str:
    return a_letter(Way.SMS)


@example("call/<code>", new_code)
def a_call(place: Town) -> str:
    return a_letter(Way.CALL)


@example("key/<name>", lambda: messaging.name_for_keys(new_code()))
def a_call_that_asks_for_a_key(place: Town) -> str:
    return messaging.name_for_keys(a_letter(Way.CALL))


@example("near/<code>", new_code)
def a_near_telephone(place: Town) -> str:
    return the_bridge(place).code


@example("far/<code>", new_code)
def a_far_telephone(place: Town) -> str:
    return the_bridge(place).code


def the_bridge(place: Town) -> Bridge:
    """Two telephones that are to be joined."""
    visit, clerk = the_visit(place), the_person(Role.CLERK)
    bridge = Bridge(visit_id=visit.id, by_id=clerk.id, phone=town.PHONE)
    db.session.add(bridge)
    db.session.flush()
    return bridge


def a_letter(way: Way) -> str:
    """What the provider calls a message of that kind."""
    key = f"code:{secrets.token_hex(4)}"
    letter = messaging.send_later(town.PHONE, "1, 2", key=key, locale="ca", way=way)
    db.session.flush()
    return letter.code or ""


@example("agenda/<token>", lambda: secrets.token_urlsafe(24))
def a_calendar(place: Town) -> str:
    return desk.open_feed(the_person(Role.CLERK))


@example("hours/<code>", new_code)
def a_person_with_hours(place: Town) -> str:
    return the_counter(place).code or ""


@example("people/<code>", new_code)
def a_person_with_skills(place: Town) -> str:
    return the_counter(place).code or ""


@example("shifts/<shift_id>", lambda: 999_999)
def a_shift(place: Town) -> int:
    row = Shift(resource_id=the_counter(place).id, weekday=6, channels=["video"])
    row.starts, row.ends = time(0), time(1)
    return numbered(row, place)


@example("days/<day>", lambda: "2099-12-31")
def a_day(place: Town) -> str:
    return (clock.today(place.time_zone) + timedelta(days=7)).isoformat()


@example("closed/<closure_id>", lambda: 999_999)
def a_closed_day(place: Town) -> int:
    return numbered(Closure(day=clock.today(place.time_zone) + timedelta(days=90)), place)


@example("seasons/<season_id>", lambda: 999_999)
def a_season(place: Town) -> int:
    day = clock.today(place.time_zone)
    row = Season(first_day=day, last_day=day, is_yearly=False, opens=time(0), closes=time(23))
    return numbered(row, place)


def numbered(row: Any, place: Town) -> int:
    """The row with a number that stands nowhere else on a page."""
    row.id = 700_000 + 1_000 * place.id
    db.session.add(row)
    db.session.flush()
    return int(row.id)


def the_counter(place: Town) -> Resource:
    """Of a clerk of that town who has hours."""
    return db.session.query(Resource).join(Shift).filter(Resource.town_id == place.id).first()


@example("requests/<code>", new_code)
def a_request(place: Town) -> str:
    person = the_person(Role.CITIZEN)
    return privacy.receive(RequestKind.ACCESS, person, place).code


@example("blocked/<code>", new_code)
@example("erased/<code>", new_code)
def a_blocking(place: Town) -> str:
    found = db.session.query(Blocking).filter_by(town_id=place.id).first()
    person = accounts.know_citizen("+34600555444", "ca", "Lluc")
    return (found or privacy.block(person, place, BlockReason.ASKED)).code


@example("holds/<code>", new_code)
def a_hold(place: Town) -> str:
    by, person = the_person(Role.ADMINISTRATOR), the_person(Role.CITIZEN)
    return privacy.place_hold(person.id, by, HoldReason.COURT, "DP 1/2026").code


@example("join/<token>", lambda: secrets.token_urlsafe(16))
def a_call_to_join(place: Town) -> str:
    who = the_person(Role.CLERK)
    link = calls.invite(the_visit(place), Part.COMPANION, "Joan", None, who)[1]
    return link.rsplit("/", 1)[1]


@example("invitations/<invitation>", new_code)
def an_invited_person(place: Town) -> str:
    who = the_person(Role.CLERK)
    return calls.invite(the_visit(place), Part.COMPANION, "Joan", None, who)[0].code


@example("keys/<code>", new_code)
def a_key(place: Town) -> str:
    return insight.make_key("Padrón", [Scope.FIGURES]).code


@example("webhooks/<code>", new_code)
def a_webhook(place: Town) -> str:
    return insight.make_webhook("https://example.org/news").code


@example("board/<code>", new_code)
def somebody_on_the_board(place: Town) -> str:
    return the_visit(place).code


@example("papers/<paper>", new_code)
def a_paper(place: Town) -> str:
    """One that is on its way: what is in it is of no matter here."""
    visit = the_visit(place)
    found = papers.papers_of(visit)
    if not found:
        handing_in.begin(visit, Side.CITIZEN, name="a.pdf", size=9, key=f"file-{new_code()}")
    return papers.papers_of(visit)[0].code


@example("pages/<number>", lambda: 999_999)
def a_page(place: Town) -> int:
    return 1


@example("requests/<request_code>", new_code)
@example("asked/<request_code>", new_code)
def something_asked(place: Town) -> str:
    visit, who = the_visit(place), the_person(Role.CLERK)
    found = db.session.query(Request).filter_by(visit_id=visit.id).first()
    if found is None:
        words = Words(Kind.TEXT, "ca", "Ho accepteu?", "Text", version="free")
        found = Request(visit_id=visit.id, by_id=who.id, kind=words.kind, language="ca")
        found.title, found.body, found.text_version = words.title, words.body, words.version
        found.text_digest = words.digest
        db.session.add(found)
        db.session.flush()
    return found.code


def the_visit(place: Town) -> Visit:
    """A booked one of that town: made once."""
    found = db.session.query(Visit).filter_by(town_id=place.id).first()
    return found or town.a_visit(
        town.a_wish(place, town.the_procedure("padron")), town.tomorrow_at(10)
    )


def the_person(role: Role) -> Account:
    """Somebody with that role in the town spoken for: made once."""
    found = db.session.query(Account).filter_by(role=role).first()
    if found:
        return found
    if role is Role.CITIZEN:
        return accounts.know_citizen("+34600999888", "ca", "Rosa")
    person = accounts.employ(f"A {role.value}", role, ["ca", "es"])
    if Power.ATTEND in MAY[role]:
        db.session.add(Resource(kind=ResourceKind.CLERK, name=person.name, account_id=person.id))
        db.session.flush()
    return person


@example("recover/<token>", lambda: secrets.token_urlsafe(24))
def a_recovery(place: Town) -> str:
    return accounts.offer_recovery(the_person(Role.CITIZEN), reason="video")


@example("recover/<code>", new_code)
def a_second_check(place: Town) -> str:
    """Asked for by somebody whom no role of the walk is, so that each of the staff may answer."""
    asks = db.session.query(Account).filter_by(name="Whoever saw").first()
    asks = asks or accounts.employ("Whoever saw", Role.INTERPRETER, ["ca"])
    check = RecoveryCheck(
        account_id=the_person(Role.CITIZEN).id,
        seen="video",
        asked_by_id=asks.id,
        ends_at=clock.now() + timedelta(hours=1),
    )
    db.session.query(RecoveryCheck).delete()
    db.session.add(check)
    db.session.flush()
    return check.code


@example("check/<csv>", csv.new)
@example("of/<csv>", csv.new)
def a_sealed_act(place: Town) -> str:
    """Sealed by hand: what it looks like inside is for others to try."""
    visit = the_visit(place)
    found = db.session.query(SealedAct).filter_by(visit_id=visit.id).first()
    if found is None:
        found = SealedAct(
            csv=csv.new(),
            identifier=f"ES_L01990011_2026_{csv.new().upper()}",
            visit_id=visit.id,
            meeting=new_code(),
            version=1,
            step=Step.SEALED,
            language="ca",
            digest="0" * 64,
            sealed_at=clock.now(),
        )
        file = archive.keep(io.BytesIO(b"%PDF"), owner=f"visit:{visit.code}", name="act.pdf")
        found.editions.append(
            ActEdition(
                number=1, file=file.id, size=4, sha256=file.sha256, sealed_by="-", is_stamped=False
            )
        )
        db.session.add(found)
        db.session.flush()
    return found.csv


@example("waiting/<act>", new_code)
def an_act_that_waits(place: Town) -> str:
    a_sealed_act(place)
    return db.session.query(SealedAct).filter_by(visit_id=the_visit(place).id).first().code


@example("signers/<code>", new_code)
def a_signer(place: Town) -> str:
    found = db.session.query(Signer).filter_by(town_id=place.id).first()
    if found is None:
        today = clock.today(place.time_zone)
        found = Signer(
            account_id=the_person(Role.CLERK).id,
            grade=Grade.CLERK,
            certificate="-",
            fingerprint=secrets.token_hex(32),
            first_day=today,
        )
        db.session.add(found)
        db.session.flush()
    return found.code


@example("passkeys/<code>", new_code)
def a_passkey(place: Town) -> str:
    key = Passkey(
        account_id=the_person(Role.SUPERVISOR).id,
        credential_id=secrets.token_bytes(16),
        user_handle=secrets.token_bytes(64),
        public_key=b"-",
    )
    db.session.add(key)
    db.session.flush()
    return key.code


@example("sessions/<code>", new_code)
def a_session(place: Town) -> str:
    return identity.open_session(the_person(Role.SUPERVISOR), "passkey")[0].code


@example("kept/<code>", new_code)
def some_answers(place: Town) -> str:
    return identity.keep_answers(the_person(Role.SUPERVISOR).id, "/desk/", [("a", "b")]).code


@example("setup/<token>", lambda: secrets.token_urlsafe(24))
def a_setup_link(place: Town) -> str:
    return office.make_link()


@example("staff/<code>", new_code)
@example("access/<code>", new_code)
def a_person(place: Town) -> str:
    return the_person(Role.CLERK).code


@example("identity/<row>", new_code)
def an_identification(place: Town) -> str:
    return assurance.rows_of(the_visit(place))[0].code


@example("clerks/<code>", new_code)
def an_authorised_clerk(place: Town) -> str:
    clerk, today = the_person(Role.CLERK), clock.today(place.time_zone)
    entries = assurance.entries_of(clerk)
    return (entries or [authorise(clerk, today, None, reference="", by=None)])[0].code


@example("files/<code>", new_code)
def a_file(place: Town) -> str:
    owner = f"visit:{the_visit(place).code}"
    found = archive_queries.files_of(owner)
    return (found or [archive.keep(io.BytesIO(b"a paper"), owner=owner, name="a.pdf")])[0].id


@example("release/<hold>", new_code)
def a_hold_of_files(place: Town) -> str:
    return archive.hold(f"visit:{the_visit(place).code}", reference="DP 1/2026").code


@example("with/<name>", lambda: "nothing")
@example("eid/<name>", lambda: "nothing")
def a_provider(place: Town) -> str:
    """None is configured, so none exists."""
    return "anything"


def the_segment(place: Town) -> Segment:
    """A part of a meeting that is being recorded: made once."""
    found = db.session.query(Segment).filter_by(town_id=place.id).first()
    if found:
        return found
    segment = Segment(
        visit_id=the_visit(place).id,
        number=1,
        state=State.RECORDING,
        asked_by_id=the_person(Role.CLERK).id,
        started_at=clock.now(),
    )
    db.session.add(segment)
    db.session.flush()
    db.session.add(Take(segment_id=segment.id, number=1, media_type="", clock_offset_ms=0, head=""))
    db.session.flush()
    return segment


@example("segments/<segment>", new_code)
@example("recordings/<segment>", new_code)
def a_segment(place: Town) -> str:
    return the_segment(place).code


@example("takes/<take>", new_code)
def a_take(place: Town) -> str:
    return db.session.query(Take).filter_by(segment_id=the_segment(place).id).first().code


@example("pieces/<number>", lambda: 999_999)
def a_piece(place: Town) -> int:
    return 1


@example("recordings/<viewing>", new_code)
def a_viewing(place: Town) -> str:
    viewing = Viewing(
        segment_id=the_segment(place).id,
        account_id=the_person(Role.CLERK).id,
        reason="So that every door is tried.",
        expires_at=clock.now() + timedelta(hours=1),
    )
    db.session.add(viewing)
    db.session.flush()
    return viewing.code


def a_kiosk(place: Town) -> tuple[Kiosk, str]:
    """A kiosk of that town and its key: made once a town."""
    secret, shown = kiosks.ask({})
    kiosks.approve(shown, the_person(Role.SUPERVISOR), name=f"Library {shown} of {place.slug}")
    return kiosks.take(secret)


@example("kiosks/<code>", new_code)
def a_kiosk_code(place: Town) -> str:
    return a_kiosk(place)[0].code


@example("orders/<code>", new_code)
def an_order(place: Town) -> str:
    return kiosks.order(a_kiosk(place)[0], OrderKind.TEST).code


@example("begin/<ticket>", lambda: secrets.token_urlsafe(32))
def a_ticket(place: Town) -> str:
    return kiosks.open_stay(a_kiosk(place)[0])[1]


@example("bring/<token>", lambda: secrets.token_urlsafe(16))
def a_hand_off(place: Town) -> str:
    return kiosks.offer(kiosks.open_stay(a_kiosk(place)[0])[0])[0]


@example("spoken/<name>", lambda: f"{secrets.token_hex(12)}.opus")
def a_clip(place: Town) -> str:
    """Of no town in particular, and none was rendered here."""
    return f"{secrets.token_hex(12)}.opus"


@example("shown/<page>", lambda: "nothing")
def a_page_shown(place: Town) -> str:
    return "procedure"


@example("device/<name>", lambda: "package.sig")
def a_release(place: Town) -> str:
    return "package"


@example("watch/<code>", new_code)
@example("guides/<code>", new_code)
def a_guide(place: Town) -> str:
    checked = guides.check(GuideKind.LSE, guides.Sent(SILENT, CAPTIONS))
    by = the_person(Role.ADMINISTRATOR)
    return guides.add(checked, kind=GuideKind.LSE, language="es", by=by, page="help").code
