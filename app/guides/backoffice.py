"""Where an administrator brings what the town has recorded, and takes it away."""

from flask import Blueprint, Response, flash, url_for
from flask_babel import gettext as _

from app.accounts.models import Power, who_may
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other
from app.core.security import takes_files
from app.guides import queries, services
from app.guides.errors import WrongFile
from app.guides.forms import GuideForm
from app.guides.models import Kind
from app.identity.session import current_account, requires
from app.towns import queries as towns

bp = Blueprint("office_guides", __name__, url_prefix="/office/guides", template_folder="templates")
PLAN = who_may(Power.PLAN)


@bp.route("/", methods=["GET", "POST"])
@requires(*PLAN)
@takes_files
def start() -> Response:
    form = GuideForm()
    if form.validate_on_submit():
        try:
            _add(form)
            flash(_("It is on its page now."))
            return see_other(url_for(".start"))
        except WrongFile as refusal:
            form[refusal.field].errors = [str(refusal)]
    return page_or_fragment(
        "guides/office.html",
        "guides/_guide_form.html",
        status=422 if form.errors else 200,
        form=form,
        guides=queries.all_guides(),
    )


@bp.post("/<code>/remove")
@requires(*PLAN)
def remove(code: str) -> Response:
    with transaction():
        services.remove(queries.guide_or_404(code), current_account)
    flash(_("It is no longer shown."))
    return see_other(url_for(".start"))


def _add(form: GuideForm) -> None:
    """Looked at before any transaction; what is wrong with it is told at its field."""
    kind = Kind(form.kind.data)
    captions = form.captions.data
    checked = services.check(
        kind,
        services.Sent(
            content=form.file.data.read(),
            captions=captions.read() if captions else b"",
            transcript=form.transcript.data or "",
        ),
    )
    sort, _sep, name = (form.about.data or "").partition(":")
    with transaction():
        services.add(
            checked,
            kind=kind,
            language=form.language.data or "",
            by=current_account,
            page=name if sort == "page" else "",
            procedure=towns.procedure_or_404(name) if sort == "procedure" else None,
        )
