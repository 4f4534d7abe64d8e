"""Keys of other machines and the addresses that are told: whoever keeps the town's doors."""

from flask import Response, flash, url_for
from flask_babel import gettext as _

from app.core.db import transaction
from app.core.htmx import see_other
from app.identity.session import requires
from app.insight import queries, services
from app.insight.errors import AddressUnfit
from app.insight.forms import BoardForm, KeyForm, WebhookForm
from app.insight.models import Scope
from app.insight.views.door import KEEPERS, office_bp, page


@office_bp.get("/machines")
@requires(*KEEPERS)
def machines() -> Response:
    return _page(200)


@office_bp.post("/machines/keys")
@requires(*KEEPERS)
def new_key() -> Response:
    """A key, and what it signs with: shown in this answer and never again."""
    form = KeyForm()
    if not form.validate_on_submit():
        return _page(422, key_form=form)
    with transaction():
        key = services.make_key(
            form.name.data or "", [Scope(one) for one in form.scopes.data or []]
        )
        secret = services.secret_of(key)
    return page("secret", what=key.name, name=key.code, secret=secret, is_key=True)


@office_bp.post("/machines/keys/<code>/end")
@requires(*KEEPERS)
def end_key(code: str) -> Response:
    key = queries.key_or_404(code)
    with transaction():
        services.end_key(key)
    flash(_("That key opens nothing any more."))
    return see_other(url_for(".machines"))


@office_bp.post("/machines/webhooks")
@requires(*KEEPERS)
def new_webhook() -> Response:
    form = WebhookForm()
    if not form.validate_on_submit():
        return _page(422, webhook_form=form)
    try:
        with transaction():
            webhook = services.make_webhook(form.address.data or "")
            secret = services.webhook_secret(webhook)
    except AddressUnfit as refusal:
        form.address.errors = [str(refusal)]
        return _page(422, webhook_form=form)
    return page("secret", what=webhook.address, name=webhook.code, secret=secret, is_key=False)


@office_bp.get("/machines/webhooks/<code>")
@requires(*KEEPERS)
def webhook(code: str) -> Response:
    """What it was told last, and what did not arrive."""
    found = queries.webhook_or_404(code)
    return page("webhook", webhook=found, posts=queries.posts_of(found))


@office_bp.post("/machines/webhooks/<code>/end")
@requires(*KEEPERS)
def end_webhook(code: str) -> Response:
    found = queries.webhook_or_404(code)
    with transaction():
        services.end_webhook(found)
    flash(_("That address is told nothing any more."))
    return see_other(url_for(".machines"))


def _page(
    status: int, *, key_form: KeyForm | None = None, webhook_form: WebhookForm | None = None
) -> Response:
    return page(
        "machines",
        status,
        keys=queries.keys(),
        webhooks=queries.webhooks(),
        key_form=key_form or KeyForm(formdata=None),
        webhook_form=webhook_form or WebhookForm(formdata=None),
        form=BoardForm(),
    )
