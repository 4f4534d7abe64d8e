"""How a browser becomes a kiosk: by a one-time link of the house, never by what it says it is."""

from flask import Response, render_template
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.errors import InvitationOver
from app.core.db import transaction
from app.core.htmx import see_other
from app.core.security import everyone
from app.identity import queries, services, session
from app.identity.forms import ConfirmForm
from app.identity.models import SessionKind
from app.identity.views.doors import kiosk_bp
from app.towns import queries as towns


@kiosk_bp.route("/enrol/<token>", methods=["GET", "POST"])
@everyone
def enrol(token: str) -> Response | AnyResponse | str:
    """Looking at the link uses nothing up; the button does."""
    towns.current_town_or_404()
    form = ConfirmForm()
    found = queries.session_of(token, SessionKind.KIOSK)
    if found is None or found.method != "invited" or services.is_over(found):
        raise InvitationOver
    if not form.validate_on_submit():
        return render_template("identity/kiosk.html", label=found.label)
    with transaction():
        opened = services.open_kiosk(token)
        if opened is None:
            raise InvitationOver
        session.begin_kiosk(*opened)
    return see_other("/")
