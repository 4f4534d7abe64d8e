"""What every passkey ceremony has in common, whoever answers and whatever for."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, after_this_request, current_app, g, make_response, request
from webauthn import base64url_to_bytes

from app.core.db import transaction
from app.core.errors import Refusal
from app.core.events import publish
from app.core.i18n import LANGUAGES
from app.core.security import json_sent, own_address
from app.identity import services
from app.identity.errors import NotOnKiosk, PasskeyRefused
from app.identity.events import PasskeyTurnedAway
from app.identity.models import Challenge
from app.identity.session import cookie_words, is_kiosk
from app.towns import queries as towns

F = TypeVar("F", bound=Callable[..., Any])

# A generous passkey answer is some kilobytes; whatever is longer is none.
LONGEST_ANSWER = 64 * 1024
# How many ceremonies one browser may have begun: two open pages must not disturb each other.
MOST_BEGUN = 4


def ceremony(door: str, *, refused: int = 403) -> Callable[[F], F]:
    """Answers a script: a refusal is one line of the audit and always the same sentence.

    `refused`: its status; whoever is in already may be there, so there it is 422.
    """

    def label(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            towns.current_town_or_404()
            try:
                if is_kiosk():
                    raise NotOnKiosk
                return view(*args, **kwargs)
            except PasskeyRefused as refusal:
                _write_down(door, refusal)
                words = {"error": str(refusal.message), "unknown": refusal.is_unknown}
                return make_response(words, refused)
            except Refusal as refusal:
                return make_response({"error": str(refusal)}, refusal.status)

        return cast(F, guarded)

    return label


def rp_id() -> str:
    return str(g.town.host)


def origin() -> str:
    return f"{current_app.config['PUBLIC_SCHEME']}://{request.host}"


def begin(begun: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Remember in this browser which challenge it was given; the options are for its script.

    Each in a cookie of its own: a page asks for options by itself while somebody sends its form,
    and the cookie of the whole session, as it was when they were asked for, would undo what the
    form did.
    """
    code, options = begun
    # A browser sends first what it was given first (RFC 6265, 5.4).
    older = _given()[: -(MOST_BEGUN - 1)]

    @after_this_request
    def send(response: Response) -> Response:
        words = cookie_words("Lax")
        for one in older:
            response.delete_cookie(_cookie_of(one), **words)
        response.set_cookie(_cookie_of(code), "1", **words)
        return response

    return options


def _cookie_of(code: str) -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-asked-{code}"


def _given() -> list[str]:
    """The challenges that this browser was given. Nobody guesses their codes."""
    before = _cookie_of("")
    return [name.removeprefix(before) for name in request.cookies if name.startswith(before)]


def credential() -> dict[str, Any]:
    """What the device answered. Its contents are looked at later, and believed even later."""
    if len(request.get_data()) > LONGEST_ANSWER:
        raise PasskeyRefused("too long")
    answer = json_sent()
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise PasskeyRefused
    return answer


def challenge(answer: dict[str, Any], purpose: str) -> Challenge:
    """The challenge that was answered, if this browser was given it for this. It is spent now."""
    value = _challenge_in(answer)
    with transaction():
        return services.take_challenge(_given()[-2 * MOST_BEGUN :], purpose, value)


def safe(target: str | None, home: str) -> str:
    """Only pages of this house, and of this side of it: nobody else chooses where one lands."""
    is_staff = home.startswith("/desk")
    roots = ("/desk/", "/office/") if is_staff else tuple(f"/{slug}/" for slug in LANGUAGES)
    return own_address(target, below=(home, *roots))


def _challenge_in(answer: dict[str, Any]) -> bytes:
    try:
        client = services.client_data(answer)
        return base64url_to_bytes(str(client["challenge"]))
    except (KeyError, ValueError) as error:
        raise PasskeyRefused from error


def _write_down(door: str, refusal: PasskeyRefused) -> None:
    with transaction():
        publish(
            PasskeyTurnedAway(
                town_id=g.town.id, account_id=refusal.account_id, door=door, why=refusal.why
            )
        )
