"""Anybody checks an act: by its code, or by the digest of a file that stays on their device."""

from flask import Response, url_for

from app.acts import csv, queries, recorded
from app.acts.errors import NoSuchAct
from app.acts.forms import CodeOfActForm, FileForm
from app.acts.models import SealedAct
from app.acts.views.door import bp
from app.archive import queries as kept
from app.archive.serving import answer
from app.core.htmx import page_or_fragment, see_other
from app.core.limits import sends_codes
from app.core.security import everyone

WHO_CHECKS = "check"


@bp.get("/check")
@everyone
def check() -> Response:
    return _page(CodeOfActForm(), FileForm())


@bp.post("/check")
@everyone
@sends_codes
def by_code() -> Response:
    """Unknown and malformed codes get one answer, after one question to the register."""
    form = CodeOfActForm()
    if not form.validate_on_submit():
        return _page(form, FileForm(formdata=None), status=422)
    try:
        act = queries.by_csv(form.csv.data or "")
    except NoSuchAct as refusal:
        form.csv.errors = [str(refusal)]
        return _page(form, FileForm(formdata=None), status=404)
    return see_other(url_for(".act", csv=csv.shown(act.csv)))


@bp.post("/check/file")
@everyone
@sends_codes
def by_digest() -> Response:
    """Whether a file is an act or a recording of this town. Of it, it says no more than that."""
    form = FileForm()
    if not form.validate_on_submit():
        return _page(CodeOfActForm(formdata=None), form, status=422)
    digest = form.sha256.data or ""
    edition = queries.with_digest(digest)
    found = edition.act if edition else queries.act_of_film(digest)
    return _page(
        CodeOfActForm(formdata=None),
        FileForm(formdata=None),
        status=200 if found else 404,
        found=found,
        edition=edition or (found.edition if found else None),
        is_film=edition is None,
        asked=digest,
    )


@bp.get("/check/<csv>")
@everyone
def act(csv: str) -> Response:
    """What is sealed under that code, and the file to compare with."""
    return page_or_fragment("acts/act.html", "acts/_act.html", act=queries.by_csv(csv))


@bp.get("/check/<csv>/act.pdf")
@everyone
def file(csv: str) -> Response:
    return pdf_of(queries.by_csv(csv), WHO_CHECKS, "check by its code")


def pdf_of(act: SealedAct, reader: str, why: str) -> Response:
    return answer(kept.file_or_404(act.file), reader=reader, why=why)


@bp.app_template_global("digests_of")
def digests_of(act: SealedAct) -> list[str]:
    """Of every file that a stranger may hold and compare with it."""
    return [*(one.sha256 for one in act.editions), *recorded.digests(act.visit)]


def _page(
    code_form: CodeOfActForm, file_form: FileForm, status: int = 200, **more: object
) -> Response:
    return page_or_fragment(
        "acts/check.html",
        "acts/_check.html",
        status=status,
        code_form=code_form,
        file_form=file_form,
        **more,
    )
