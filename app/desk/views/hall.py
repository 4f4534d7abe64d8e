"""The screen of the hall: which number goes to which desk. Numbers alone, never a name."""

from flask import Response, g, make_response, render_template, request

from app.core import stream
from app.core.i18n import LANGUAGES
from app.core.security import everyone
from app.desk.views.door import hall_bp
from app.queue import queries as line
from app.towns import queries as towns
from app.towns.models import Office


@hall_bp.get("/<slug>/display")
@everyone
def display(slug: str) -> Response:
    """A whole page, or with `part` the piece that changes: an old television asks for it itself."""
    office = _office(slug)
    is_piece = request.args.get("part") == "called"
    template = "desk/_called.html" if is_piece else "desk/display.html"
    answer = make_response(
        render_template(
            template,
            office=office,
            called=line.called_numbers(office),
            waiting=line.waiting_in_the_hall(office),
            slug=g.lang,
            cursor=stream.cursor(),
        )
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@hall_bp.get("/<slug>/display/stream")
@everyone
def display_stream(slug: str) -> Response:
    return stream.listen(f"hall:{_office(slug).id}")


def _office(slug: str) -> Office:
    """The screen speaks the town's first language, or the one its address asks for."""
    town = towns.current_town_or_404()
    asked = request.args.get("in", "")
    g.lang = asked if asked in LANGUAGES else town.languages[0]
    return towns.office_or_404(slug)
