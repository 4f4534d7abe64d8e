"""The counter's doors: whoever attends people in this town may read the papers of its visits."""

from flask import Blueprint

from app.accounts.models import Power, who_may
from app.identity.session import current_account, requires
from app.papers.models import Side
from app.papers.protocol import Door
from app.papers.routes import open_doors
from app.queue import services as line

bp = Blueprint("desk_papers", "app.papers", url_prefix="/desk", template_folder="templates")


def _door(code: str) -> Door:
    return Door(line.look_into(current_account, code), Side.CLERK, "desk_papers", current_account)


open_doors(bp, _door, requires(*who_may(Power.ATTEND)))
