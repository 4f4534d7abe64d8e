"""Paper at a kiosk: what its scanner sees and what its printer prints, for whoever is there."""

import json
from io import BytesIO
from pathlib import Path

import typst
from flask_babel import gettext as _

from app.accounts.models import Account
from app.acts import queries as acts
from app.acts import services as sealed
from app.booking import queries as booking
from app.booking.models import Visit
from app.core.i18n import LANGUAGES, clock_time, date_in_words, speaking
from app.kiosks import queries
from app.kiosks.errors import NotAtAKiosk, NothingToPrint
from app.kiosks.models import Order, OrderKind, Stay
from app.kiosks.services.orders import order
from app.kiosks.services.stays import tell
from app.papers import services as papers
from app.papers.models import Paper, Side

ACT, RECEIPT = "act", "receipt"
SHEET = Path(__file__).parents[1] / "receipt.typ"


def print_receipt(stay: Stay, by: Account | None = None) -> Order:
    """What was done in the visit of whoever stands there. Pressed twice, it is printed once."""
    if stay.visit is None:
        raise NothingToPrint
    return _print(stay, by, RECEIPT)


def print_act(stay: Stay, by: Account | None = None) -> Order:
    """The sealed act of their visit, with its code on every page. Pressed twice is printed once."""
    if stay.visit is None or acts.act_of(stay.visit) is None:
        raise NothingToPrint
    return _print(stay, by, ACT)


def _print(stay: Stay, by: Account | None, what: str) -> Order:
    for one in queries.orders_during(stay):
        if one.kind is OrderKind.PRINT and one.is_open and one.words.get("what") == what:
            return one
    tell(stay, "done", kind="print", outcome="asked")
    return order(stay.kiosk, OrderKind.PRINT, stay=stay, by=by, what=what)


def printer_near(visit: Visit) -> sealed.Printer | None:
    """That of the kiosk at which its citizen stands now, when it has one."""
    stay = queries.stay_of_visit(visit)
    if stay is None or not stay.is_open or stay.kiosk.facts.get("printer") in ("", "none", None):
        return None
    return sealed.Printer(stay.kiosk.name, lambda by: print_act(stay, by))


def scan(stay: Stay, by: Account) -> Order:
    """The clerk asks for the paper on the glass. Pressed twice, it is scanned once."""
    for one in queries.orders_during(stay):
        if one.kind is OrderKind.SCAN and one.is_open:
            return one
    tell(stay, "done", kind="scan", outcome="asked")
    return order(stay.kiosk, OrderKind.SCAN, stay=stay, by=by)


def take_scan(order: Order, picture: bytes) -> Paper:
    """What was on the glass is a paper of the visit, if whoever laid it there is still there."""
    stay = queries.stay_named(order.stay_code) if order.stay_code else None
    is_asked = order.kind is OrderKind.SCAN and order.is_open
    if not is_asked or stay is None or not stay.is_open or stay.visit is None:
        raise NotAtAKiosk
    with speaking(stay.visit.reads):
        name = _("Scanned paper")
    return papers.begin_whole(stay.visit, Side.CITIZEN, f"{name}.jpg", BytesIO(picture))


def what_to_print(order: Order) -> bytes:
    """The sheet, while the person is still there: nothing is printed for the next one to find."""
    stay = queries.stay_named(order.stay_code) if order.stay_code else None
    if not order.is_open or stay is None or not stay.is_open or stay.visit is None:
        raise NothingToPrint
    if order.words.get("what") == ACT:
        return _act(stay.visit)
    with speaking(stay.visit.reads):
        words = _receipt(stay.visit)
    return bytes(typst.compile(str(SHEET), sys_inputs={"words": json.dumps(words)}, format="pdf"))


def _act(visit: Visit) -> bytes:
    act = acts.act_of(visit)
    if act is None or act.edition is None:
        raise NothingToPrint
    return sealed.read(act.edition)


def _receipt(visit: Visit) -> dict[str, object]:
    town = visit.town
    day = date_in_words(visit.starts_at.astimezone(town.zone).date(), visit.reads)
    facts = [
        (_("Procedure"), visit.procedure.name_in(visit.reads)),
        (_("Day and time"), f"{day}, {clock_time(visit.starts_at, town.time_zone)}"),
    ]
    if visit.clerk_name:
        facts.append((_("Who attended you"), visit.clerk_name))
    number = queries.number_of(visit)
    return {
        "lang": LANGUAGES[visit.reads].locale.split("_")[0],
        "town": town.name,
        "title": _("Your visit to the town hall"),
        "facts": facts,
        "paragraphs": [text for text in (visit.outcome, visit.next_steps) if text],
        "phone": _("Telephone: %(phone)s", phone=town.phone),
        "address": booking.link_of(visit),
        "number": number if visit.is_live and not visit.is_being_attended else "",
        "number_label": _("The number of your appointment, for the kiosk"),
    }
