"""Refusals about files that are kept."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal
from app.core.storage import Away, KeptUntil, NoRoom

__all__ = ["Away", "FileDamaged", "FileGone", "FileHeld", "FileOpensNoMore", "KeptUntil", "NoRoom"]


class FileGone(Missing):
    status = 410
    message = _l("This file has been destroyed. There is nothing left to see.")


class FileDamaged(Refusal):
    message = _l("This file is not as it was kept, so we do not show it. The office has been told.")


class FileOpensNoMore(Refusal):
    message = _l("The key of this file is not here, so we cannot open it. Please tell the office.")


class FileHeld(Refusal):
    message = _l("A judge or an authority may need this file, so it cannot be destroyed yet.")
