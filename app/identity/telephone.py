"""What the pages that send a code share: who asks, and what is said when it is wrong."""

from dataclasses import dataclass

from flask import request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.i18n import asked_slug, language_name
from app.core.keys import keyed, keyed_by_any
from app.core.phones import takes_messages
from app.identity import queries, services
from app.identity.services import Asker, CodeOutcome
from app.messaging.models import Way
from app.towns import queries as towns

WORDS = {
    CodeOutcome.WRONG: _l("This code is not right. Look at the message and write it again."),
    CodeOutcome.USED: _l("This code has already been used. Ask for a new one below."),
    CodeOutcome.EXPIRED: _l("This code has expired. Ask for a new one below."),
    CodeOutcome.SPENT: _l("There were too many wrong codes. Wait a while, or call us."),
}
REMEMBERED = 4  # telephones that one browser has confirmed


@dataclass(frozen=True)
class Ways:
    """How another code can come: after how long, and whether a voice can read it aloud."""

    seconds_left: int
    is_landline: bool
    is_lost: bool  # the network says that the last message did not arrive
    can_call: bool
    voice_speaks: str  # the name of the language of the call, when it is not the page's


def send(phone: str, purpose: str, *, aloud: bool = False) -> bool:
    """A code for that telephone, unless the last one is still on its way. Whether one was sent."""
    if services.seconds_to_wait(phone, purpose) and not services.is_lost(phone, purpose):
        return False
    host = towns.current_town_or_404().host  # as the town writes it, not as the request does
    asker = Asker(request.remote_addr or "", host, is_known=_is_known(phone))
    way = Way.CALL if aloud and services.can_call() else Way.SMS
    services.send_code(phone, purpose, asker, way=way)
    return True


def send_again(phone: str, purpose: str) -> str:
    """Once more, written or read aloud as they asked. Returns what the page says about it."""
    aloud = request.form.get("way") == "call"
    if not send(phone, purpose, aloud=aloud):
        return "soon"
    return "call" if aloud and services.can_call() else "1"


def problem_with(phone: str, purpose: str, typed: str) -> str | None:
    """What is wrong with the code that was typed, as the person reads it; nothing when it is right.

    The caller commits: tries must count.
    """
    outcome = services.try_code(phone, purpose, typed)
    if outcome is CodeOutcome.RIGHT:
        _remember(phone)
        return None
    if outcome is CodeOutcome.WRONG and not takes_messages(phone):
        return _("This code is not right. Write it again, or ask for another call below.")
    return str(WORDS[outcome])


def ways(phone: str, purpose: str) -> Ways:
    slug = asked_slug()
    heard = services.heard_in(slug)
    is_landline = not takes_messages(phone)
    is_lost = services.is_lost(phone, purpose)
    is_late = is_landline or is_lost or _is_late(phone, purpose)
    return Ways(
        seconds_left=0 if is_lost else services.seconds_to_wait(phone, purpose),
        is_landline=is_landline,
        is_lost=is_lost,
        can_call=services.can_call() and is_late,
        voice_speaks=language_name(heard) if heard != slug else "",
    )


def _is_late(phone: str, purpose: str) -> bool:
    """A second code was asked for, or a wrong one was typed: perhaps the message does not come."""
    codes = queries.live_codes(phone, purpose)
    return len(codes) > 1 or any(code.tries for code in codes)


def _is_known(phone: str) -> bool:
    known = session.get("phones")
    return isinstance(known, list) and any(one in known for one in keyed_by_any(f"known:{phone}"))


def _remember(phone: str) -> None:
    """A digest in this browser's own cookie, until it is closed."""
    known = session.get("phones")
    digest = keyed(f"known:{phone}")
    kept = [one for one in known if one != digest] if isinstance(known, list) else []
    session["phones"] = [digest, *kept][:REMEMBERED]
