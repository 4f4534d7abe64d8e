"""The doors: the back office for people, the interface for machines."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template

from app.accounts.models import Power, who_may

office_bp = Blueprint("insight", "app.insight", url_prefix="/office", template_folder="templates")
api_bp = Blueprint("api", "app.insight", url_prefix="/api")

PLANNERS = who_may(Power.PLAN)
KEEPERS = who_may(Power.AUTHORISE)


def page(template: str, status: int = 200, **context: Any) -> Response:
    return make_response(render_template(f"insight/{template}.html", **context), status)
