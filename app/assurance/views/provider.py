"""To a provider of identities and back. While it is asked, nothing of ours is held up."""

from flask import Response, make_response, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.assurance import queries, services
from app.assurance.errors import ForeignReturn, ProviderAway, TooManyAttempts
from app.assurance.services.eid import ATTEMPTS_PER_HOUR
from app.assurance.views.door import back_bp, book_if_held, bp, browser, go_on, own_visit
from app.assurance.views.show import page
from app.core.db import transaction
from app.core.htmx import see_other, wants_fragment
from app.core.i18n import asked_slug
from app.core.security import everyone
from app.identity import eid
from app.identity.eid import Ending, Provider, ProviderDown
from app.towns import queries as towns
from app.towns.models import Town


@bp.post("/visits/<code>/identify/with/<name>")
@everyone
def begin(code: str, name: str) -> Response:
    """Off to the provider: at once where a script can, else with one touch more.

    Our policy lets no form lead elsewhere, and that is right. So a link does.
    """
    visit, provider = own_visit(code), _provider(name)
    if queries.attempts_lately(visit) >= ATTEMPTS_PER_HOUR:
        raise TooManyAttempts
    with transaction():  # nothing to write yet: whoever waits for their turn gets it now
        pass
    try:
        beginning = provider.begin(_back(visit.town, provider), asked_slug())
    except ProviderDown:
        if wants_fragment():
            return see_other(url_for(".show", code=code, said="down"))
        return page(visit, said="down", status=ProviderAway.status)
    with transaction():
        services.begin(visit, provider, beginning, browser())
    if wants_fragment():
        return see_other(beginning.url)
    return make_response(
        render_template("assurance/go.html", visit=visit, label=provider.label, url=beginning.url)
    )


@back_bp.get("/eid/<name>/back")
@everyone
def back(name: str) -> AnyResponse:
    """What they came back with. It changes the state of one attempt, once, and shows the result."""
    provider = _provider(name)
    mark = session.get("eid")
    with transaction():
        finding = services.take_back(
            provider, request.args.get("state", ""), mark if isinstance(mark, str) else ""
        )
    if finding.attempt is None:
        raise ForeignReturn
    attempt = finding.attempt
    callback = {key: request.args[key] for key in request.args}
    outcome = provider.finish(finding.kept, callback, _back(attempt.visit.town, provider))
    with transaction():
        ending = services.settle(attempt, provider, outcome)
    said = None if ending is Ending.IDENTIFIED else ending.value
    return see_other(
        url_for("assurance.show", lang=attempt.reads, code=attempt.visit.code, said=said)
    )


@bp.post("/visits/<code>/identify/me")
@everyone
def confirm(code: str) -> Response:
    """Whether the name that the provider told is theirs."""
    visit = own_visit(code)
    attempt = queries.named_attempt(visit, services.digest_of(browser()))
    answer = request.form.get("answer")
    if attempt is None or answer not in ("yes", "no"):
        raise ForeignReturn
    words = {}
    with transaction():
        services.confirm(attempt, answer == "yes")
        standing = queries.standing(visit)
        is_enough = not standing.is_asked(standing.moment)
        if visit.booked_at is None and is_enough and answer == "yes":
            words = book_if_held(visit)
    if words:
        return see_other(go_on(visit, **words))
    return see_other(url_for(".show", code=code))


def _provider(name: str) -> Provider:
    town = towns.current_town_or_404()
    return eid.provider_or_404(name, town.eid_providers)


def _back(town: Town, provider: Provider) -> str:
    return towns.address_of(town, f"/eid/{provider.name}/back")
