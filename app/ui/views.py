"""Small things that belong to no feature: the language a person chose, and browser requests."""

from flask import Blueprint, Response, current_app, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.i18n import COOKIE, COOKIE_SECONDS
from app.core.security import everyone

bp = Blueprint("ui", __name__, template_folder="templates")


@bp.after_app_request
def remember_language(response: Response) -> Response:
    """An address with a language is a choice. It is kept in one functional cookie."""
    chosen = g.get("lang_from_address")
    if chosen and response.status_code == 200 and request.cookies.get(COOKIE) != chosen:
        response.set_cookie(
            COOKIE,
            chosen,
            max_age=COOKIE_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=current_app.config["PUBLIC_SCHEME"] == "https",
        )
    return response


@bp.get("/favicon.ico")
@everyone
def favicon() -> AnyResponse:
    return redirect(f"{current_app.config['ASSET_PREFIX']}icon.svg", 301)


@bp.get("/robots.txt")
@everyone
def robots() -> Response:
    """Search engines may read the counter's public pages, never anybody's visit."""
    closed = ("/*/visits/", "/*/me", "/desk/", "/office/", "/demo")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
