"""The card under the video: may this part be recorded, and how it stands."""

from flask import Blueprint, Response, make_response, request, session

from app.booking import queries as booking
from app.booking.models import Visit
from app.calls import queries as calls
from app.calls.errors import InvitationTaken
from app.calls.models import Part, Participant, RoomInvitation
from app.core.db import transaction
from app.core.errors import Refusal
from app.core.htmx import page_or_fragment, see_other, wants_fragment
from app.core.i18n import localized
from app.core.security import everyone
from app.recordings import queries, services
from app.recordings.errors import AnswerOver
from app.recordings.models import Segment
from app.recordings.services import told

bp = localized("recordings", "app.recordings")
invited_bp = Blueprint(
    "invited_recordings", "app.recordings", url_prefix="/join", template_folder="templates"
)


@bp.route("/visits/<code>/room/recording", methods=["GET", "POST"])
@everyone
def card(code: str) -> Response:
    visit = booking.booked_visit_or_404(code)
    return _card(visit, calls.participant_as(visit, Part.CITIZEN))


@invited_bp.route("/<token>/room/recording", methods=["GET", "POST"])
@everyone
def invited_card(token: str) -> Response:
    invitation = calls.invitation_or_404(token)
    if invitation.taken_at is None or invitation.code not in session.get("invited", ()):
        raise InvitationTaken
    visit = invitation.visit
    return _card(visit, calls.participant_as(visit, invitation.part, invitation))


def _card(visit: Visit, person: Participant | None) -> Response:
    segment = queries.last_segment(visit)
    if request.method == "POST":
        return _answer(visit, segment, person)
    if wants_fragment() and request.args.get("seen") == pulse(segment, person):
        return make_response("", 204)
    return _page(visit, segment, person)


def _answer(visit: Visit, segment: Segment | None, person: Participant | None) -> Response:
    """Yes or no to the text that was shown; or, having said yes, no longer."""
    said = request.form.get("answer")
    try:
        if segment is None or person is None or segment.code != request.form.get("segment"):
            raise AnswerOver
        with transaction():
            if said == "withdraw":
                services.withdraw(segment, person)
            elif said in ("yes", "no"):
                services.answer(segment, person, said == "yes", request.form.get("text", ""))
            else:
                raise AnswerOver
    except Refusal as refusal:
        if not wants_fragment():
            raise
        return _page(visit, segment, person, refusal=refusal, status=refusal.status)
    return _page(visit, segment, person) if wants_fragment() else see_other(request.path)


@bp.app_template_global("pulse_of_recording")
def pulse(segment: Segment | None, person: Participant | None) -> str:
    """A few letters that change when the card does."""
    if segment is None:
        return "none"
    now, consent = told(segment), queries.consent_of(segment, person)
    own = (
        f"{consent.is_given}.{consent.spoken_at is None}.{consent.withdrawn_at is None}"
        if consent
        else ""
    )
    return f"{now['segment']}.{now['state']}.{now['reason']}.{own}"


@bp.app_template_global("recording_beside_call")
def beside(visit: Visit, role: str, invitation: RoomInvitation | None = None) -> dict[str, object]:
    """What the piece beside the call begins with."""
    segment = queries.last_segment(visit)
    return {
        "segment": segment,
        "now": told(segment) if segment else None,
        "person": calls.participant_as(visit, Part(role), invitation),
    }


def _page(
    visit: Visit,
    segment: Segment | None,
    person: Participant | None,
    *,
    refusal: Refusal | None = None,
    status: int = 200,
) -> Response:
    return page_or_fragment(
        "recordings/card.html",
        "recordings/_recording.html",
        status=status,
        visit=visit,
        segment=segment,
        person=person,
        consent=queries.consent_of(segment, person),
        here=request.path,
        refusal=refusal,
    )
