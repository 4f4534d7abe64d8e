"""The promises that are broken now, and what can be done about them."""

from flask import Response, g, url_for
from flask_babel import gettext as _

from app.core.db import transaction
from app.core.htmx import see_other
from app.identity.session import requires
from app.office import queries, services
from app.office.errors import OfferOver
from app.office.forms import RuleForm
from app.office.services import MustDecide
from app.office.views.door import MANAGERS, answer_sent, bp, decide, page, say_what_was_done


@bp.get("/promises")
@requires(*MANAGERS)
def promises() -> Response:
    return page("promises", promises=queries.broken_now(g.town), form=RuleForm())


@bp.post("/promises")
@requires(*MANAGERS)
def mend() -> Response:
    """First what could be done; then, once somebody decided about that very thing, do it."""
    title, back = _("Visits that cannot be kept"), url_for(".promises")
    answer = answer_sent()
    if answer is None:
        with transaction():
            found = services.look_at_broken(g.town)
        return decide(found, title, back, is_news=False) if found.promises else see_other(back)
    try:
        with transaction():
            found = services.mend(g.town, answer)
    except MustDecide as decision:
        return decide(decision.look, title, back, is_news=True)
    except OfferOver:
        with transaction():
            found = services.look_at_broken(g.town)
        return decide(found, title, back, is_news=True)
    say_what_was_done(found, answer, _("It is done as you decided."))
    return see_other(back)
