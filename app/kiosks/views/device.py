"""What the device itself says and asks, with its key; pages and people have other doors."""

from pathlib import Path
from typing import Any

from flask import Response, current_app, make_response, render_template, request
from flask_babel import gettext as _

from app.archive import services as archive
from app.core import clock, stream
from app.core.db import transaction
from app.core.errors import Missing
from app.core.i18n import LANGUAGES, speaking
from app.core.limits import sends_codes
from app.core.security import by_provider, json_sent
from app.kiosks import queries, services
from app.kiosks.errors import GarbledReport, UnknownDevice
from app.kiosks.models import Kiosk, Order
from app.kiosks.services.enrolment import CODE_LIFE
from app.kiosks.views.door import device_bp
from app.papers import services as papers
from app.towns import queries as towns

MOST_BYTES = 8 * 1024
ASK_EVERY = 3  # seconds, while nobody has approved it


@device_bp.post("/enrol")
@by_provider
@sends_codes
def enrol() -> dict[str, Any]:
    """A device without a key asks for a code to show."""
    town = towns.current_town_or_404()
    facts = _report()
    version = str(facts.get("version", ""))[:40]
    with transaction():
        secret, shown = services.ask({"version": version})
    return {
        "device_code": secret,
        "user_code": shown,
        "verification_uri": towns.address_of(town, "/office/kiosks/approve"),
        "expires_in": int(CODE_LIFE.total_seconds()),
        "interval": ASK_EVERY,
    }


@device_bp.post("/key")
@by_provider
def key() -> dict[str, Any]:
    """It comes for its key, which it hears once."""
    towns.current_town_or_404()
    secret = str(_report().get("device_code", ""))
    with transaction():
        kiosk, made = services.take(secret)
    return {"key": made, "kiosk": kiosk.code, "name": kiosk.name}


@device_bp.post("/heartbeat")
@by_provider
def heartbeat() -> dict[str, Any]:
    """How it is; the answer says what to do, and what time it is."""
    kiosk, facts = _own_kiosk(), _report()
    with transaction():
        services.hear(kiosk, facts)
    stay = queries.open_stay_of(kiosk)
    return {
        "time": clock.now().timestamp(),
        "every": queries.every(),
        "name": kiosk.name,
        "serves": kiosk.serves,
        "stay": stay.code if stay else "",
        "begun": bool(stay and stay.begun_at),
        "in_call": bool(stay and queries.is_in_call(stay)),
        "orders": [_told(order) for order in queries.open_orders(kiosk)],
        "version": current_app.config.get("KIOSK_VERSION", ""),
    }


@device_bp.post("/stay")
@by_provider
def stay() -> dict[str, Any]:
    """A clean browser is ready: where it begins. Whoever was there before is no longer."""
    kiosk, facts = _own_kiosk(), _report()
    with transaction():
        services.hear(kiosk, facts)
        made, ticket = services.open_stay(kiosk)
    town = towns.current_town_or_404()
    return {"stay": made.code, "url": towns.address_of(town, f"/kiosk/begin/{ticket}")}


@device_bp.get("/stream")
@by_provider
def news() -> Response:
    """There is something to do: the heartbeat after it says what."""
    return stream.listen(queries.agent_of(_own_kiosk().id))


@device_bp.post("/orders/<code>")
@by_provider
def report(code: str) -> Response:
    """How an errand went."""
    kiosk = _own_kiosk()
    order = queries.order_of(kiosk, code)
    outcome = str(_report().get("outcome", ""))
    with transaction():
        services.done(order, outcome)
    return make_response("", 204)


@device_bp.get("/orders/<code>/paper")
@by_provider
def paper(code: str) -> Response:
    """What is to be printed, while the person is still there."""
    order = queries.order_of(_own_kiosk(), code)
    answer = make_response(services.what_to_print(order))
    answer.content_type = "application/pdf"
    return answer


@device_bp.post("/orders/<code>/scan")
@by_provider
def scanned(code: str) -> Response:
    """What the scanner saw. It is looked into as every other paper of a visit."""
    order = queries.order_of(_own_kiosk(), code)
    with transaction():
        paper = services.take_scan(order, request.get_data())
    with transaction():
        papers.complete(paper)
    with transaction():
        envelope = archive.envelope_for(paper.owner)
    examined = papers.examine(paper, envelope)
    with transaction():
        papers.settle(paper, examined)
    return make_response("", 204)


@device_bp.get("/offline")
@by_provider
def offline() -> str:
    """What the device keeps to show when it cannot reach us: whom to call, in every language."""
    kiosk, town = _own_kiosk(), towns.current_town_or_404()
    order = [*town.languages, *(slug for slug in LANGUAGES if slug not in town.languages)]
    return render_template(
        "kiosks/offline.html",
        kiosk=kiosk,
        offices=towns.offices(),
        spoken=[(LANGUAGES[slug], *_sentences(slug)) for slug in order],
    )


def _sentences(slug: str) -> tuple[str, str]:
    with speaking(slug):
        return _("There is no line now"), _("Call us on this number:")


@device_bp.get("/<any(package, 'package.sig'):name>")
@by_provider
def package(name: str) -> Response:
    """The kit of this same release, and its signature; whoever installs it checks who signed."""
    _own_kiosk()
    file = Path(current_app.instance_path) / "kiosk" / name
    if not file.is_file():
        raise Missing
    answer = make_response(file.read_bytes())
    answer.content_type = "application/octet-stream"
    return answer


def _own_kiosk() -> Kiosk:
    """The device that shows its key. A removed one, or another town's, is unknown here."""
    towns.current_town_or_404()
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    found = queries.kiosk_with(key) if scheme == "Bearer" and key else None
    if found is None:
        raise UnknownDevice
    return found


def _report() -> dict[str, Any]:
    if len(request.get_data()) > MOST_BYTES:
        raise GarbledReport
    sent = json_sent()
    if not isinstance(sent, dict):
        raise GarbledReport
    return sent


def _told(order: Order) -> dict[str, Any]:
    return {"code": order.code, "kind": order.kind.value, "stay": order.stay_code, **order.words}
