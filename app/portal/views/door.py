"""The doors of these views: the start, which has no language yet, and everything else."""

from flask import Blueprint

from app.core.i18n import localized

start_bp = Blueprint("start", __name__)
bp = localized("portal", "app.portal")
