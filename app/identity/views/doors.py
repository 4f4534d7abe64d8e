"""The doors: the staff's, each citizen's own, and the kiosk's."""

from flask import Blueprint

from app.core.i18n import localized

bp = Blueprint("identity", "app.identity", url_prefix="/desk", template_folder="templates")
me_bp = localized("me", "app.identity")
kiosk_bp = Blueprint("kiosk_door", "app.identity", url_prefix="/kiosk")
