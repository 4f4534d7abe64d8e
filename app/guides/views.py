"""Whoever wants to see or hear a page: the player, its captions and its words."""

from flask import Blueprint, Response, make_response, render_template, url_for

from app.archive import serving
from app.core.errors import Missing
from app.core.i18n import localized
from app.core.security import everyone
from app.guides import queries, words
from app.towns import queries as towns

bp = localized("guides", "app.guides")
files_bp = Blueprint("guide_files", __name__, url_prefix="/guides")


@bp.get("/watch/<code>")
@everyone
def watch(code: str) -> str:
    towns.current_town_or_404()
    guide = queries.guide_or_404(code)
    if guide.procedure:
        back = url_for("portal.procedure", slug=guide.procedure.slug)
    else:
        pages = {"help": "portal.help_page"}
        back = url_for(pages.get(guide.page, f"portal.{guide.page}"))
    return render_template(
        "guides/watch.html", guide=guide, back=back, title=words.invitation(guide)
    )


@files_bp.get("/<code>/film")
@everyone
def film(code: str) -> Response:
    """The film or the recording, whole or the part that a player asks for."""
    towns.current_town_or_404()
    return serving.answer_to_anybody(queries.guide_or_404(code).file)


@files_bp.get("/<code>/captions")
@everyone
def captions(code: str) -> Response:
    towns.current_town_or_404()
    guide = queries.guide_or_404(code)
    if not guide.captions:
        raise Missing
    answer = make_response(guide.captions)
    answer.content_type = "text/vtt; charset=utf-8"
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
