"""Writing procedures: texts beside each other, lists, requests, editions, and being on offer."""

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, g, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock
from app.core.db import new_code, transaction
from app.core.errors import Missing
from app.core.htmx import see_other
from app.core.i18n import LANGUAGES, in_language
from app.identity.session import current_account, requires
from app.office import services
from app.office.errors import HalfTranslated
from app.office.forms import RuleForm
from app.office.forms.editing import (
    ListsForm,
    NewProcedureForm,
    RequestForm,
    texts_form,
    values_of_lists,
)
from app.office.forms.versions import mark_of
from app.office.queries import editing
from app.office.views.door import MANAGERS, bp, carry_out, offices, page
from app.towns import queries as towns
from app.towns.errors import RuleRefused
from app.towns.models import Procedure, Stage
from app.towns.queries.catalogue import catalogue, catalogued, columns_of


@bp.route("/procedures/new", methods=["GET", "POST"])
@requires(*MANAGERS)
def new_procedure() -> Response:
    """One of the catalogue with its texts, or one of the town's own. It is not on offer yet."""
    form = NewProcedureForm(data={"source": request.args.get("source", "")})
    taken = {one.slug for one in towns.procedures(stages=tuple(Stage))}
    ready = [
        (item["slug"], str(in_language(item["name"])))
        for item in catalogue()
        if item["slug"] not in taken
    ]
    form.source.choices = [("", _("A blank page")), *ready]
    form.office.choices = [(one.id, str(in_language(one.name))) for one in offices()]
    if not form.validate_on_submit():
        return page("new_procedure", 422 if form.errors else 200, form=form)
    office = next(one for one in offices() if one.id == form.office.data)
    item = catalogued(form.source.data or "")
    columns = columns_of(item) if item else form.columns(g.town.languages[0])
    try:
        with transaction():
            made = services.add(office, current_account, **columns)
    except RuleRefused as refusal:
        form.refuse(refusal)
        return page("new_procedure", 422, form=form)
    flash(_("It is written down. Look at it, and put it on offer when it is ready."))
    return see_other(url_for(".procedure", slug=made.slug))


@bp.get("/translations")
@requires(*MANAGERS)
def translations() -> Response:
    """What is written in one language of the town and missing in another."""
    return page("translations", rows=editing.missing_everywhere(g.town))


@bp.route("/procedures/<slug>/texts/<lang:tongue>", methods=["GET", "POST"])
@requires(*MANAGERS)
def texts(slug: str, tongue: str) -> Response:
    """Every text in one language, each beside the same in another."""
    found = _procedure(slug)
    slots = editing.slots(found)
    form = texts_form(slots, tongue)
    beside = request.values.get("beside", "")
    usual = next((one for one in g.town.languages if one != tongue), "es")
    beside = beside if beside in LANGUAGES else usual

    def values() -> dict[str, Any]:
        return {slot.field: slot.texts.get(tongue, "") for slot in editing.slots(found)}

    def again(status: int) -> Response:
        return page(
            "texts", status, procedure=found, form=form, slots=slots, tongue=tongue, beside=beside
        )

    def change() -> None:
        typed = {slot.field: form[slot.field].data or "" for slot in slots}
        services.change(found, current_account, **editing.with_texts(found, tongue, typed))

    if request.method == "GET":
        form.row.data = mark_of(values())
        return again(200)
    return carry_out(
        form,
        change,
        title=_("Other texts for %(name)s", name=found.name_in()),
        back=url_for(".texts", slug=slug, tongue=tongue, beside=beside),
        done=_("The texts are saved."),
        again=again,
        values=values,
    )


@bp.route("/procedures/<slug>/lists", methods=["GET", "POST"])
@requires(*MANAGERS)
def lists(slug: str) -> Response:
    """Papers, results and the script, a line for each."""
    found, town = _procedure(slug), g.town

    def values() -> dict[str, Any]:
        return values_of_lists(found, editing.lines_of(found, town))

    form = ListsForm(data=values())

    def again(status: int) -> Response:
        return page("lists", status, procedure=found, form=form)

    def change() -> None:
        columns = editing.columns_of_lines(found, form.lines, town.languages[0])
        services.change(found, current_account, **columns)

    if request.method == "GET":
        form.row.data = mark_of(values())
        return again(200)
    return carry_out(
        form,
        change,
        title=_("Other lists for %(name)s", name=found.name_in()),
        back=url_for(".lists", slug=slug),
        done=_("The lists are saved."),
        again=again,
        values=values,
    )


@bp.route("/procedures/<slug>/requests", methods=["GET", "POST"])
@requires(*MANAGERS)
def procedure_requests(slug: str) -> Response:
    """What clerks may ask for with one press, and one more."""
    found = _procedure(slug)
    form = RequestForm()
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return page("procedure_requests", status, procedure=found, form=form)
    item = form.item(new_code(), g.town.languages[0])
    with transaction():
        services.change(found, current_account, requests=[*found.requests, item])
    flash(_("Clerks can ask for it now. Write it in the other languages too."))
    return see_other(url_for(".procedure_requests", slug=slug))


@bp.post("/procedures/<slug>/requests/<key>/remove")
@requires(*MANAGERS)
def remove_request(slug: str, key: str) -> Response:
    found = _procedure(slug)
    left = [item for item in found.requests if item.get("key") != key]
    if len(left) == len(found.requests):
        raise Missing
    with transaction():
        services.change(found, current_account, requests=left)
    flash(_("It is off the list. What was asked before stays in its visits."))
    return see_other(url_for(".procedure_requests", slug=slug))


@bp.get("/procedures/<slug>/history")
@requires(*MANAGERS)
def history(slug: str) -> Response:
    found = _procedure(slug)
    return page("history", procedure=found, editions=editing.editions(found))


@bp.get("/procedures/<slug>/history/<int:number>")
@requires(*MANAGERS)
def edition(slug: str, number: int) -> Response:
    """One edition, beside the procedure as it is now."""
    found = _procedure(slug)
    then = editing.edition_or_404(found, number)
    now = editing.content_of(found)
    names = editing.changed(then.content, now)
    return page("edition", procedure=found, edition=then, now=now, names=names)


@bp.post("/procedures/<slug>/history/<int:number>")
@requires(*MANAGERS)
def go_back(slug: str, number: int) -> Response:
    """As it was; visits that this would break are decided about first."""
    found = _procedure(slug)
    then = editing.edition_or_404(found, number)
    return carry_out(
        RuleForm(),
        lambda: services.go_back(found, current_account, then),
        title=_("%(name)s as it was", name=found.name_in()),
        back=url_for(".history", slug=slug),
        done=_("It is as it was then. What was there before is in the list too."),
    )


@bp.route("/procedures/<slug>/stage", methods=["GET", "POST"])
@requires(*MANAGERS)
def stage(slug: str) -> Response:
    """On offer, off the list, archived or deleted; and what each of them means."""
    found = _procedure(slug)
    wanted = request.form.get("to", "")
    half = editing.missing(g.town, found)

    def again(status: int = 200, **words: Any) -> Response:
        count = editing.to_come(found)
        return page("stage", status, procedure=found, half=half, to_come=count, **words)

    errands = {
        Stage.OFFERED.value: lambda: services.offer(
            g.town, found, knowingly=request.form.get("knowingly") == "yes"
        ),
        Stage.ARCHIVED.value: lambda: services.archive(found),
        Stage.DRAFT.value: lambda: services.take_back(found),
        "gone": lambda: services.remove(found),
    }
    if request.method == "GET" or wanted not in errands:
        return again(200 if request.method == "GET" else 422)
    try:
        with transaction():
            errands[wanted]()
    except HalfTranslated as refusal:
        return again(refusal.status, refusal=refusal)
    if wanted == "gone":
        flash(_("The procedure is deleted."))
        return see_other(url_for(".procedures"))
    flash(_("It is changed."))
    return see_other(url_for(".procedure", slug=slug))


@dataclass(frozen=True)
class Shut:
    """Nobody is let in from a preview."""

    is_open: bool = False


@dataclass(frozen=True)
class ShownWay:
    """A way of attending, as a preview shows it: without times."""

    channel: str
    first: None = None
    now: Shut = Shut()


@bp.get("/procedures/<slug>/preview/<lang:lang>")
@requires(*MANAGERS)
def preview(slug: str) -> str:
    """The page as a citizen reads it in that language. Times are not looked for."""
    found = _procedure(slug)
    return render_template(
        "portal/procedure.html",
        procedure=found,
        ways=[ShownWay(channel.value) for channel in found.channels],
        today=clock.today(g.town.time_zone),
    )


def _procedure(slug: str) -> Procedure:
    """Whatever its stage: also what is not on offer yet, and what is archived."""
    return towns.procedure_or_404(slug, stages=tuple(Stage))
