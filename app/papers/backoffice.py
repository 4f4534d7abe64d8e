"""The counter's doors: whoever attends people in this town may read the papers of its visits."""

from flask import Blueprint

from app.accounts.models import Power, who_may
from app.booking.errors import VisitMissing
from app.identity.session import current_account, requires
from app.papers.models import Side
from app.papers.protocol import Door
from app.papers.routes import open_doors
from app.queue import queries as line
from app.schedule import queries as schedule
from app.towns.tenant import speak_for

bp = Blueprint("desk_papers", "app.papers", url_prefix="/desk", template_folder="templates")


def _door(code: str) -> Door:
    counter = schedule.resource_of(current_account.id)
    visit = line.visit_for(counter, code)
    if visit is None:
        raise VisitMissing
    speak_for(visit.town_id)  # a clerk lent to another town works in that town's name
    return Door(visit, Side.CLERK, "desk_papers", current_account)


open_doors(bp, _door, requires(*who_may(Power.ATTEND)))
