"""The counter's doors: ask, begin, pause, end, send what is recorded; later, look at it."""

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.accounts.models import Power, who_may
from app.archive import queries as archived
from app.archive import serving
from app.booking.models import Visit
from app.calls import queries as calls
from app.core import clock
from app.core.db import transaction
from app.core.errors import Refusal
from app.core.htmx import page_or_fragment, see_other, wants_fragment
from app.core.keys import keyed
from app.core.security import json_sent
from app.identity.session import current_account, requires
from app.queue import services as line
from app.recordings import queries, services
from app.recordings.errors import NotRunning, OutOfOrder, PieceGarbled
from app.recordings.forms import LookForm
from app.recordings.models import End, PieceKind, Reason, Segment, Take
from app.recordings.services import Sent

bp = Blueprint("recorder", __name__, url_prefix="/desk", template_folder="templates")
STAFF = who_may(Power.ATTEND)
BROWSER = re.compile(r"(Firefox|Edg|OPR|Chrome|Version)/\d+")


@bp.route("/visits/<code>/room/recording", methods=["GET", "POST"])
@requires(*STAFF)
def panel(code: str) -> Response:
    visit = _own_visit(code)
    segment = queries.last_segment(visit)
    if request.method == "POST":
        return _act(visit, segment)
    if wants_fragment() and request.args.get("seen") == pulse(segment):
        return make_response("", 204)
    return _panel(visit)


def _act(visit: Visit, segment: Segment | None) -> Response:
    """What the clerk pressed. Beside the call a refusal stands in the panel."""
    try:
        with transaction():
            _errand(visit, segment)
    except Refusal as refusal:
        if not wants_fragment():
            raise
        return _panel(visit, refusal=refusal, status=refusal.status)
    if _wants_json():
        now = queries.last_segment(visit)
        return make_response(services.told(now) if now else {}, 200)
    return _panel(visit) if wants_fragment() else see_other(request.path)


def _wants_json() -> bool:
    kinds = ["text/html", "application/json"]
    return request.accept_mimetypes.best_match(kinds) == "application/json"


def _errand(visit: Visit, segment: Segment | None) -> None:
    said = request.form.get("said", "")
    action = "said" if said else request.form.get("action", "")
    at_ms = _milliseconds(request.form.get("at_ms"))
    if action == "ask":
        services.ask(visit, current_account)
        return
    if segment is None or segment.code != request.form.get("segment"):
        raise NotRunning
    errands: dict[str, Callable[[], object]] = {
        "call_off": lambda: services.call_off(segment),
        "start": lambda: services.start(segment, current_account, _browser()),
        "card": lambda: services.pause(segment, Reason.IDENTITY_CARD, at_ms),
        "pause": lambda: services.pause(segment, Reason.ASKED, at_ms),
        "go_on": lambda: services.go_on(segment, at_ms),
        "stop": lambda: services.stop(segment, End.CLERK),
        "said": lambda: services.note_spoken(segment, calls.person_of(visit, said)),
    }
    if action not in errands:
        raise NotRunning
    errands[action]()


def _milliseconds(sent: str | None) -> int | None:
    return int(sent) if sent and sent.isascii() and sent.isdigit() and len(sent) < 10 else None


def _browser() -> str:
    found = BROWSER.search(request.user_agent.string)
    return found[0] if found else ""


@bp.app_template_global("pulse_of_recorder")
def pulse(segment: Segment | None) -> str:
    """A few letters that change when the panel does."""
    if segment is None:
        return "none"
    said = "".join(f"{one.is_given}{one.spoken_at is None}" for one in segment.consents)
    gap = segment.open_gap
    here = len(queries.unagreed(segment))
    return f"{segment.code}.{segment.state.value}.{gap.reason.value if gap else ''}.{said}.{here}"


def _panel(visit: Visit, *, refusal: Refusal | None = None, status: int = 200) -> Response:
    return page_or_fragment(
        "recordings/recorder.html",
        "recordings/_recorder.html",
        status=status,
        visit=visit,
        segment=queries.last_segment(visit),
        here=url_for(".panel", code=visit.code),
        refusal=refusal,
    )


# --- what the browser sends while it records -----------------------------------------------------


@bp.post("/visits/<code>/room/segments/<segment>/takes")
@requires(*STAFF)
def begin(code: str, segment: str) -> Response:
    """This window begins to record."""
    found = queries.segment_or_404(_own_visit(code), segment)
    sent = _json()
    with transaction():
        take = services.begin_take(found, str(sent.get("media_type", "")), _whole(sent, "now"))
        answer = _about(found, take)
    return make_response(answer, 201)


@bp.get("/visits/<code>/room/segments/<segment>/takes/<take>")
@requires(*STAFF)
def take(code: str, segment: str, take: str) -> Response:
    """How far it is: for a window that was loaded again and still holds pieces."""
    found = queries.segment_or_404(_own_visit(code), segment)
    return make_response(_about(found, queries.take_or_404(found, take)), 200)


@bp.put("/visits/<code>/room/segments/<segment>/takes/<take>/pieces/<int:number>")
@requires(*STAFF)
def piece(code: str, segment: str, take: str, number: int) -> Response:
    found = queries.segment_or_404(_own_visit(code), segment)
    of = queries.take_or_404(found, take)
    try:
        with transaction():
            services.receive(found, of, _sent(number), request.get_data())
            answer = {"pieces": of.pieces, "head": of.head}
    except OutOfOrder as refusal:
        return make_response({"error": str(refusal), "wanted": refusal.wanted}, refusal.status)
    return make_response(answer, 200)


@bp.post("/visits/<code>/room/segments/<segment>/takes/<take>/end")
@requires(*STAFF)
def end(code: str, segment: str, take: str) -> Response:
    """How many pieces there are."""
    found = queries.segment_or_404(_own_visit(code), segment)
    sent = _json()
    with transaction():
        services.finish_take(
            found,
            queries.take_or_404(found, take),
            _whole(sent, "pieces"),
            str(sent.get("head", "")),
            _whole(sent, "now"),
        )
    return make_response("", 204)


@bp.post("/visits/<code>/room/segments/<segment>/trouble")
@requires(*STAFF)
def trouble(code: str, segment: str) -> Response:
    """The browser cannot record: everybody is told at once."""
    found = queries.segment_or_404(_own_visit(code), segment)
    with transaction():
        services.alarm(found)
    return make_response("", 204)


def _about(segment: Segment, take: Take) -> dict[str, Any]:
    """`key`: with which the browser closes what it has not sent yet, should it be left behind."""
    return {
        "take": take.code,
        "number": take.number,
        "first": services.first_of_take(take.code),
        "at_ms": segment.at(take.started_at),
        "pieces": take.pieces,
        "head": take.head,
        "is_open": not take.is_whole and segment.is_unfinished,
        "now": round(clock.now().timestamp() * 1000),
        "key": keyed(f"recording buffer {take.code}"),
    }


def _sent(number: int) -> Sent:
    asked = request.args
    kind = asked.get("kind", "")
    if kind not in list(PieceKind):
        raise PieceGarbled
    starts, length = _milliseconds(asked.get("starts")), _milliseconds(asked.get("length"))
    if starts is None or length is None:
        raise PieceGarbled
    return Sent(
        number=number,
        kind=PieceKind(kind),
        starts_ms=starts,
        length_ms=length,
        sha256=asked.get("sha256", ""),
        head=asked.get("head", ""),
    )


def _json() -> dict[str, Any]:
    sent = json_sent()
    if not isinstance(sent, dict):
        raise PieceGarbled
    return sent


def _whole(sent: dict[str, Any], name: str) -> int:
    value = sent.get(name)
    if type(value) is not int or not 0 <= value < 2**53:
        raise PieceGarbled
    return value


# --- looking at what was recorded ----------------------------------------------------------------


@bp.route("/visits/<code>/recordings", methods=["GET", "POST"])
@requires(*STAFF)
def recordings(code: str) -> Response:
    """What was recorded of a visit. Whoever looks says why, and that is written down."""
    visit = _visit(code)
    form = LookForm()
    if not form.validate_on_submit():
        return page_or_fragment(
            "recordings/recordings.html",
            "recordings/_look_form.html",
            status=422 if form.errors else 200,
            visit=visit,
            segments=[one for one in queries.segments(visit) if one.has_started],
            form=form,
        )
    segment = queries.segment_or_404(visit, request.form.get("segment", ""))
    with transaction():
        viewing = services.look(segment, current_account, form.reason.data or "")
    return see_other(url_for(".watch", viewing=viewing.code))


@bp.get("/recordings/<viewing>")
@requires(*STAFF)
def watch(viewing: str) -> str:
    found = queries.viewing_or_404(viewing, current_account)
    return render_template("recordings/watch.html", viewing=found, segment=found.segment)


@bp.get("/recordings/<viewing>/file")
@requires(*STAFF)
def file(viewing: str) -> Response:
    found = queries.viewing_or_404(viewing, current_account)
    kept = archived.file_or_404(found.segment.file or "")
    reader = f"account:{current_account.id}"
    return serving.answer(kept, reader=reader, why=found.reason, is_shown=True)


def _visit(code: str) -> Visit:
    return line.look_into(current_account, code)


def _own_visit(code: str) -> Visit:
    return line.take_in_hand(current_account, code)
