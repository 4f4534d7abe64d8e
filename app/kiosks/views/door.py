"""Who may stand here: only the browser that a kiosk has just opened, while its stay lasts."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Blueprint, Response, current_app, g, make_response, render_template, url_for
from werkzeug.local import LocalProxy

from app.core import stream
from app.core.htmx import see_other
from app.core.i18n import clock_time, localized
from app.core.security import everyone
from app.identity.models import SessionKind
from app.identity.session import session_of
from app.kiosks import queries
from app.kiosks.errors import NotAKiosk
from app.kiosks.models import Stay
from app.kiosks.prompts import Part, clips_for
from app.towns import queries as towns

F = TypeVar("F", bound=Callable[..., Any])

bp = localized("kiosks", "app.kiosks")
bp.add_app_template_global(stream.cursor, "stream_cursor")
door_bp = Blueprint("kiosk", "app.kiosks", url_prefix="/kiosk")
device_bp = Blueprint("kiosk_device", "app.kiosks", url_prefix="/kiosk/device")
phone_bp = localized("hand_off", "app.kiosks")


def _stay() -> Stay | None:
    if "kiosk_stay" not in g:
        session = session_of(SessionKind.KIOSK)
        g.kiosk_stay = queries.stay_in(session) if session else None
    found: Stay | None = g.kiosk_stay
    return found


current_stay = cast(Stay, LocalProxy(_stay))


def at_a_kiosk(view: F) -> F:
    """Label: a screen of a kiosk. Whoever is leaving sees the question about papers and no more."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        towns.current_town_or_404()
        stay = _stay()
        if stay is None:
            raise NotAKiosk
        is_leaving = stay.leaving_at is not None
        if is_leaving and not getattr(view, "is_of_the_end", False):
            return see_other(url_for("kiosks.papers"))
        return view(*args, **kwargs)

    return everyone(cast(F, guarded))


def of_the_end(view: F) -> F:
    """Label: shown also to whoever is leaving."""
    view.is_of_the_end = True  # type: ignore[attr-defined]
    return view


def screen(name: str, spoken: tuple[str | Part, ...], status: int = 200, **words: Any) -> Response:
    """A screen of the kiosk, and what is read aloud of it where the language has a voice."""
    stay = current_stay
    config = current_app.config
    idle = "KIOSK_WAITING_IDLE_SECONDS" if stay.is_in_line else "KIOSK_IDLE_SECONDS"
    visit = queries.next_at(stay.kiosk, stay.visit)
    if visit is not None and name != "papers":
        spoken = ("next_time", f"time:{clock_time(visit.starts_at, visit.town.time_zone)}", *spoken)
        spoken = ("next_person", *spoken)
    return make_response(
        render_template(
            f"kiosks/{name}.html",
            stay=stay,
            kiosk=stay.kiosk,
            clips=clips_for(spoken),
            idle_clips=clips_for(("idle",)),
            idle_seconds=int(config[idle]),
            answer_seconds=int(config["KIOSK_ANSWER_SECONDS"]),
            next_visit=visit,
            next_by=queries.ends_before(stay.kiosk, visit) if visit else None,
            **words,
        ),
        status,
    )
