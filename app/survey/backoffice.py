"""What people say of their visits, for the staff of their town: totals and nothing else."""

from flask import Blueprint, g, render_template

from app.accounts.models import Role
from app.identity.session import requires
from app.survey import queries

bp = Blueprint("survey_office", __name__, url_prefix="/desk", template_folder="templates")

STAFF = (Role.CLERK, Role.SUPERVISOR, Role.ADMINISTRATOR)


@bp.get("/survey")
@requires(*STAFF)
def totals() -> str:
    return render_template(
        "survey/totals.html", totals=queries.totals(g.town.time_zone), fewest=queries.FEWEST
    )
