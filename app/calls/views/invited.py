"""The door of whoever comes by invitation: the link is the key, and the first browser keeps it."""

from flask import Blueprint, Response, render_template, request, session

from app.calls import protocol, queries, services
from app.calls.errors import InvitationTaken
from app.calls.models import RoomInvitation
from app.calls.protocol import Door
from app.core import stream as news
from app.core.db import transaction
from app.core.htmx import see_other
from app.core.security import everyone, shows_the_camera

bp = Blueprint("invited", __name__, url_prefix="/join")
MOST_REMEMBERED = 8


@bp.route("/<token>", methods=["GET", "POST"])
@everyone
@shows_the_camera
def join(token: str) -> Response:
    """Who invites and as what; opening it is a press, because programs look at links too."""
    invitation = queries.invitation_or_404(token)
    if request.method == "POST":
        with transaction():
            services.take(invitation, is_mine=_is_mine(invitation))
        _remember(invitation)
        return see_other(request.path)
    if invitation.taken_at and not _is_mine(invitation):
        raise InvitationTaken
    return Response(
        render_template(
            "calls/invited.html",
            invitation=invitation,
            visit=invitation.visit,
            is_mine=_is_mine(invitation),
            cursor=news.cursor(),
        )
    )


def _door(token: str) -> Door:
    invitation = queries.invitation_or_404(token)
    if not _is_mine(invitation):
        raise InvitationTaken
    return Door(invitation.visit, invitation.part, invitation.name, invitation)


def _is_mine(invitation: RoomInvitation) -> bool:
    return invitation.taken_at is not None and invitation.code in session.get("invited", ())


def _remember(invitation: RoomInvitation) -> None:
    others = [code for code in session.get("invited", ()) if code != invitation.code]
    session["invited"] = [*others, invitation.code][-MOST_REMEMBERED:]
    session.permanent = True


protocol.open_doors(bp, "/<token>/room", _door, everyone, writes_early=False)
