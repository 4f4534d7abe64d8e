"""Three pages once more, in plain language: one short idea a line, each with its drawing."""

from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _l

from app.core.security import everyone
from app.portal.views.door import bp
from app.towns import queries as towns

PAGES = (
    ("portal.plain_home", _l("Your town hall, in plain language")),
    ("portal.plain_visit", _l("What happens in a video visit")),
    ("portal.plain_privacy", _l("Your data, in plain language")),
)


@bp.get("/plain")
@everyone
def plain_home() -> str:
    return _page("home")


@bp.get("/plain/visit")
@everyone
def plain_visit() -> str:
    return _page("visit")


@bp.get("/plain/privacy")
@everyone
def plain_privacy() -> str:
    return _page("privacy")


def _page(name: str, **words: Any) -> str:
    towns.current_town_or_404()
    return render_template(f"portal/plain/{name}.html", plain_pages=PAGES, **words)
