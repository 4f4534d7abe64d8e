"""The door of acts in every language."""

from app.core.i18n import localized

bp = localized("acts", __name__)
bp.template_folder = "../templates"
