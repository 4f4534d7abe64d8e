"""Who is signed in, and who may enter. Three kinds of session, each with a cookie of its own.

The cookie holds a random name; whose it is and until when stands in the register, so that it can
be closed from elsewhere. What protects forms is another cookie, and every visitor has that one.
"""

import re
import time
from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import structlog
from flask import (
    Flask,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.local import LocalProxy

from app.accounts import services as accounts
from app.accounts.models import Account, Role
from app.core.db import choose_mode, transaction
from app.core.htmx import see_other, wants_fragment
from app.core.stream import Leave
from app.identity import queries, services
from app.identity.devices import device_in_words
from app.identity.errors import NotForYou, SignInFirst
from app.identity.models import OpenSession, Passkey, SessionKind

F = TypeVar("F", bound=Callable[..., Any])

# What was written is kept up to this size when a session ends; more is a file, not an answer.
MOST_KEPT = 64 * 1024
# Names that open nothing, written down by one process in a minute.
MOST_STRANGERS = 60
STRANGERS = "identity.strangers"

log = structlog.get_logger()


def init_app(app: Flask) -> None:
    app.extensions[STRANGERS] = deque(maxlen=MOST_STRANGERS)
    app.before_request(look_after_sessions)
    app.after_request(_send_cookies)
    app.context_processor(
        lambda: {
            "current_account": signed_in(),
            "current_citizen": citizen(),
            "session_of": session_of,
            "is_kiosk": is_kiosk(),
            "has_one_passkey": _has_one_passkey,
            "has_new_passkeys": _has_new_passkeys,
            "waits_for_a_colleague": _waits_for_a_colleague,
            "session_seconds": services.seconds_left,
            "warning_seconds": int(current_app.config["SESSION_WARNING_SECONDS"]),
        }
    )


def signed_in() -> Account | None:
    """The person of the staff who asks, if any."""
    if "account" not in g:
        g.account = _person(SessionKind.STAFF)
    account: Account | None = g.account
    return account


def citizen() -> Account | None:
    """The citizen who asks and has shown a telephone or a passkey, if any."""
    return _person(SessionKind.CITIZEN)


def is_kiosk() -> bool:
    """Whether this browser was enrolled as a kiosk: the house says it, not the browser."""
    return session_of(SessionKind.KIOSK) is not None


def session_of(kind: SessionKind | str) -> OpenSession | None:
    """The open session of that kind in this browser."""
    found = _found(SessionKind(kind))
    return found if found and not services.is_over(found) else None


def known_number() -> Account | None:
    """The citizen in this browser whom a passkey has shown, and whose number was shown lately.

    For this number no code is needed. A number that was silent for long is asked for once more.
    """
    found = session_of(SessionKind.CITIZEN)
    person = citizen()
    if found is None or person is None or found.method != "passkey" or is_kiosk():
        return None
    return person if accounts.is_phone_fresh(person) else None


def owner_of(phone: str) -> Account | None:
    """Whoever is here by a passkey and has just shown this number, if it may be theirs.

    It is when they have no other: the first one, or the same one after a long silence.
    """
    found, person = session_of(SessionKind.CITIZEN), citizen()
    if found is None or person is None or found.method != "passkey":
        return None
    if person.phone not in (None, phone):
        return None
    accounts.give_phone(person, phone)
    return person


def let_in(person: Account | None) -> None:
    """Whoever has just shown a telephone here sees the visits that go with it. Not on a kiosk.

    Who is here by a passkey stays who they are: they may book for somebody else.
    """
    found = session_of(SessionKind.CITIZEN)
    if person is None or is_kiosk() or (found and found.method == "passkey"):
        return
    begin(person, "phone")


def may_use_a_passkey() -> bool:
    """Whether to offer one: never on a shared screen, and not to whoever is already known by it."""
    return not is_kiosk() and known_number() is None


current_account = cast(Account, LocalProxy(signed_in))
current_citizen = cast(Account, LocalProxy(citizen))


def begin(account: Account, method: str = "passkey", passkey: Passkey | None = None) -> OpenSession:
    """This browser is now that person. The session before it ends, and with it its name.

    Forms of whoever used this browser before are over; but not after a code, where the person is
    the same and may have pressed twice. The caller opens the transaction.
    """
    device = device_in_words(request.user_agent.string)
    kind = SessionKind.of(account.role)
    before = _found(kind)
    if before:
        services.close_session(before, "renewed")
    if account.is_staff:
        session.clear()
    if method != "phone":
        session.pop("csrf_token", None)
        g.pop("csrf_token", None)
    made, name = services.open_session(account, method, device=device, passkey=passkey)
    _remember(kind, made, name)
    return made


def begin_kiosk(made: OpenSession, name: str) -> None:
    """This browser is a kiosk from now on; whoever was signed in here no longer is."""
    for kind in (SessionKind.STAFF, SessionKind.CITIZEN):
        end(kind)
    _remember(SessionKind.KIOSK, made, name)


def end(kind: SessionKind, why: str = "signed out") -> None:
    """Close the session of this browser. The caller opens the transaction."""
    found = _found(kind)
    if found:
        services.close_session(found, why)
    if kind is SessionKind.STAFF:
        session.clear()
    _remember(kind, None, "")


def requires(*roles: Role) -> Callable[[F], F]:
    """Label: only people with one of these roles may enter, each by their own kind of session."""
    kinds = [kind for kind in SessionKind if kind in {SessionKind.of(role) for role in roles}]

    def label(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            people = [person for kind in kinds if (person := _signed_in_as(kind))]
            if not people:
                return _ask_to_sign_in(kinds[0])
            account = next((person for person in people if person.role in roles), None)
            if account is None:
                raise NotForYou
            g.leave_to_listen = _leave_of(session_of(SessionKind.of(account.role)))
            if "lang_from_address" not in g:
                g.lang = account.locale
            return view(*args, **kwargs)

        guarded.who_may_enter = roles  # type: ignore[attr-defined]
        return cast(F, guarded)

    return label


def _leave_of(own: OpenSession | None) -> Leave | None:
    """Who is let in by a session hears news as long as it is open."""
    if own is None:
        return None
    number = own.id
    return Leave(queries.end_of(number), lambda: services.is_open(number))


def _signed_in_as(kind: SessionKind) -> Account | None:
    return signed_in() if kind is SessionKind.STAFF else _person(kind)


def cookie_name(kind: SessionKind) -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-{kind.value}"


def look_after_sessions() -> None:
    """Note that somebody is there, at most once a minute; take away what opens nothing."""
    if not g.get("town"):
        return
    shown = {kind: name for kind in SessionKind if (name := request.cookies.get(cookie_name(kind)))}
    if not shown:
        return
    errands = [errand for kind in shown if (errand := _errand(kind))]
    if errands:
        with transaction():
            for errand in errands:
                errand()
        choose_mode()  # whoever writes afterwards takes a turn of their own
    signed_in()


def _errand(kind: SessionKind) -> Callable[[], object] | None:
    """What has to be written about the session of this kind that the browser shows."""
    found = _found(kind)
    if found is None or found.closed_at is not None:
        _drop(kind)
        if found.was_refused if found else _strangers_are_many():
            return None
        return lambda: services.refuse_session(kind, found)
    if services.is_over(found):
        _drop(kind)
        return lambda: services.close_session(found, "time")
    if _is_somebody_there() and services.is_to_be_seen(found):
        return lambda: services.see(found)
    return None


def _strangers_are_many() -> bool:
    """Invented names are written down one by one, but cannot fill the audit of a town."""
    now = time.monotonic()
    seen: deque[float] = current_app.extensions[STRANGERS]
    if len(seen) == MOST_STRANGERS and now - seen[0] < 60:
        log.warning("many unknown sessions")
        return True
    seen.append(now)
    return False


def _is_somebody_there() -> bool:
    """Pages that refresh by themselves do not show that somebody looks at them."""
    if request.method != "GET":
        return True
    return not wants_fragment() and request.accept_mimetypes.best != "text/event-stream"


def _has_one_passkey() -> bool:
    """Somebody of the staff who would be locked out by losing one device."""
    account = signed_in()
    return account is not None and len(queries.passkeys_of(account.id)) == 1


def _waits_for_a_colleague() -> bool:
    """Whether a citizen without passkeys was seen by somebody else than who is signed in here."""
    account = signed_in()
    return account is not None and any(
        one.asked_by_id != account.id for one in queries.recoveries()
    )


def _has_new_passkeys() -> bool:
    """Whether one was added to somebody of the staff since they were last here."""
    own = session_of(SessionKind.STAFF)
    if own is None or own.account_id is None or own.previous_at is None:
        return False
    keys = queries.passkeys_of(own.account_id)
    return any(key.created_at > own.previous_at and key.id != own.passkey_id for key in keys)


def _person(kind: SessionKind) -> Account | None:
    found = session_of(kind)
    return found.account if found and found.account and found.account.is_active else None


def _found(kind: SessionKind) -> OpenSession | None:
    """The session whose name this browser shows, ended or not; asked of the register once."""
    known: dict[SessionKind, OpenSession | None] = g.setdefault("sessions", {})
    if kind not in known:
        name = request.cookies.get(cookie_name(kind), "") if g.get("town") else ""
        known[kind] = queries.session_of(name, kind) if name else None
    return known[kind]


def _remember(kind: SessionKind, made: OpenSession | None, name: str) -> None:
    g.setdefault("sessions", {})[kind] = made
    g.setdefault("session_cookies", {})[kind] = name
    if kind is SessionKind.STAFF:
        g.account = made.account if made else None


def _drop(kind: SessionKind) -> None:
    """The browser forgets a name that opens nothing, and so shows it once only."""
    g.setdefault("session_cookies", {})[kind] = ""


def cookie_words(samesite: str) -> dict[str, Any]:
    """What is said with each cookie of this feature, which no script reads."""
    return {
        "path": "/",
        "secure": current_app.config["PUBLIC_SCHEME"] == "https",
        "httponly": True,
        "samesite": samesite,
    }


def _send_cookies(response: Response) -> Response:
    for kind, name in g.get("session_cookies", {}).items():
        is_kiosk_cookie = kind is SessionKind.KIOSK
        # A citizen comes from a link in a message; nobody else comes from elsewhere.
        words = cookie_words("Lax" if kind is SessionKind.CITIZEN else "Strict")
        if not name:
            response.delete_cookie(cookie_name(kind), **words)
            continue
        # The others end with the browser; a kiosk is switched off every night.
        age = services.seconds_left(cast(OpenSession, _found(kind))) if is_kiosk_cookie else None
        response.set_cookie(cookie_name(kind), name, max_age=age, **words)
    return response


def _ask_to_sign_in(kind: SessionKind) -> Any:
    """To the door. Whoever had written something finds it again once they are back."""
    if not g.get("town") or kind is SessionKind.KIOSK:
        raise SignInFirst
    if request.method == "GET" and not wants_fragment():
        over = 1 if _has_run_out(kind) else None
        here = request.full_path.rstrip("?")
        return redirect(url_for(_door(kind), next=here, over=over), 303)
    kept = _kept_for_whoever_ran_out(kind) if request.method == "POST" else None
    if kept is None:
        raise SignInFirst
    door = url_for(_door(kind), over=1, next=url_for(_door(kind, "kept"), code=kept))
    if wants_fragment():
        return see_other(door)
    minutes = int(current_app.config["KEPT_ANSWERS_MINUTES"])
    return make_response(render_template("identity/over.html", door=door, minutes=minutes), 401)


def _door(kind: SessionKind, name: str = "sign_in") -> str:
    return f"{'me' if kind is SessionKind.CITIZEN else 'identity'}.{name}"


def _has_run_out(kind: SessionKind) -> bool:
    """Whether there was a session here that only the clock has ended."""
    found = _found(kind)
    return found is not None and not found.was_refused and services.is_over(found)


def _kept_for_whoever_ran_out(kind: SessionKind) -> str | None:
    found = _found(kind)
    if found is None or not found.account_id or not _has_run_out(kind):
        return None
    return keep(found.account_id, request.full_path.rstrip("?"))


def keep(account_id: int, path: str) -> str | None:
    """Keep what was sent, for its writer alone. Never on a kiosk, and never files."""
    fields = [(name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"]
    size = sum(len(name) + len(text) for name, text in fields)
    if not fields or size > MOST_KEPT or request.files or is_kiosk():
        return None
    if not re.fullmatch(r"/(?!/)[^\\\x00-\x1f]{0,399}", path) or "//" in path:
        return None
    with transaction():
        return services.keep_answers(account_id, path, fields).code
