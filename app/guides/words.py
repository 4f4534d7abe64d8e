"""How guides are called."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.guides.models import Guide, Kind

PAGES = {
    "home": _l("The start page"),
    "help": _l("Help, and how a video visit works"),
    "privacy": _l("How we look after your data"),
    "accessibility": _l("Accessibility"),
}
KINDS = {
    Kind.LSE: _l("Spanish sign language (LSE)"),
    Kind.LSC: _l("Catalan sign language (LSC)"),
    Kind.AUDIO: _l("Aloud"),
}


def kind_name(kind: Kind) -> Any:
    return KINDS[kind]


def about_name(guide: Guide) -> str:
    """The page or the procedure, in the language spoken now."""
    return guide.procedure.name_in() if guide.procedure else str(PAGES.get(guide.page, guide.page))


def invitation(guide: Guide) -> str:
    """What the button says."""
    if guide.kind is Kind.AUDIO:
        return _("Listen to this page")
    if guide.kind is Kind.LSC:
        return _("Watch in Catalan sign language")
    return _("Watch in Spanish sign language")
