"""What is done elsewhere: at the gateway that takes payments, or at a page where people sign.

There and back each address is signed with a secret that only that place and we know. What comes
back counts once, and only for the request, the amount and the text that left.
"""

import hmac
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from app.core import clock
from app.core.events import publish
from app.requests import queries
from app.requests.errors import WayMissing
from app.requests.events import RequestAnswered, ReturnTurnedAway
from app.requests.models import Kind, Request, State
from app.requests.services.answers import refuse_unless_asked, settle
from app.requests.services.asking import about
from app.towns.services import look_again

FACTS = ("reference", "status", "amount", "digest", "receipt")
YES = {Kind.PAY: "paid", Kind.SIGN: "signed"}
LONGEST = 120


def address_of(request: Request, back: str) -> str:
    """Where the citizen goes, with everything that place must know, signed."""
    place = _place(request)
    facts = {
        "reference": request.code,
        "amount": str(request.cents or 0),
        "currency": "EUR",
        "digest": request.text_digest,
        "title": request.title,
        "language": request.language,
        "return": back,
    }
    facts["signature"] = queries.seal(place["secret"], facts)
    joint = "&" if urlsplit(place["url"]).query else "?"
    return f"{place['url']}{joint}{urlencode(facts)}"


def take_back(request: Request, sent: Mapping[str, str]) -> bool | None:
    """What that place says became of it. Returns whether it is done; None when it is not believed.

    The same answer again is the first one. An answer after the time is over is still an answer:
    somebody may have paid, and the clerk must know.
    """
    look_again(request)
    facts = {name: sent.get(name, "")[:LONGEST] for name in FACTS}
    wrong = _what_is_wrong(request, facts, sent.get("signature", ""))
    if wrong:
        publish(ReturnTurnedAway(**about(request), reason=wrong))
        return None
    if facts["status"] != YES[request.kind]:
        return False
    if request.state is State.DONE:
        return True
    if request.is_open:
        settle(request, True, "elsewhere", receipt=facts["receipt"])
    else:
        _take_late(request, facts["receipt"])
    return True


def _take_late(request: Request, receipt: str) -> None:
    """It was withdrawn or too late here, and done there all the same."""
    request.answer = {**request.answer, "how": "elsewhere", "receipt": receipt, "is_late": True}
    request.state, request.answered_at = State.DONE, clock.now()
    publish(
        RequestAnswered(
            **about(request), is_yes=True, how="elsewhere", text_digest=request.text_digest
        )
    )


def _what_is_wrong(request: Request, facts: Mapping[str, str], signature: str) -> str:
    if request.kind not in YES:
        return "kind"
    wanted = queries.seal(_place(request)["secret"], facts)
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        return "signature"
    if facts["reference"] != request.code:
        return "reference"
    if facts["amount"] != str(request.cents or 0):
        return "amount"
    if facts["digest"] != request.text_digest:
        return "digest"
    return ""


def refuse_to_leave(request: Request) -> None:
    """Nobody is sent away for what is not asked of them now."""
    refuse_unless_asked(request, request.text_digest)


def _place(request: Request) -> Mapping[str, str]:
    town = request.visit.town
    place = queries.gateway(town) if request.kind is Kind.PAY else queries.signing_page(town)
    if place is None:
        raise WayMissing
    return place
