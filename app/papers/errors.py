"""Refusals about papers."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal


class PaperMissing(Missing):
    message = _l("This paper is not here, or it was removed.")


class NoPapersNow(Refusal):
    message = _l("This visit no longer takes papers. Call us if you still want to send one.")


class TooManyPapers(Refusal):
    message = _l("There are too many papers in this visit. Remove one that is not needed.")


class PaperTooLarge(Refusal):
    status = 413
    message = _l("This file is too large. Photograph the paper here instead: it takes less.")


class NothingSent(Refusal):
    status = 422
    message = _l("Choose a file first, or photograph the paper.")


class NoRoom(Refusal):
    status = 503
    retry_after = 60
    message = _l("We cannot keep the file right now. Nothing is lost: try again in a minute.")


class OutOfStep(Refusal):
    """The piece does not begin where the last one ended: `offset` says where to go on."""

    message = _l("A part of the file is missing. It goes on by itself from there.")

    def __init__(self, offset: int) -> None:
        self.offset = offset


class PieceDamaged(OutOfStep):
    status = 400
    message = _l("A part of the file arrived damaged. It is sent again by itself.")


class Garbled(Refusal):
    status = 400
    message = _l("The page sent something that we do not understand. Load it again.")


class NotYours(Refusal):
    status = 403
    message = _l("Only who sent this paper can remove it.")


class AlreadyUsed(Refusal):
    message = _l("The visit is over and this paper belongs to it. Ask the town hall to remove it.")


class NotReadable(Refusal):
    """It is being checked, or was turned away: nobody opens it."""

    message = _l("This paper is still being checked. Try again in a moment.")


class NotTogether(Refusal):
    message = _l("You can look at papers together during the call.")


def offset_of(refusal: Refusal) -> dict[str, Any]:
    return {"offset": refusal.offset} if isinstance(refusal, OutOfStep) else {}


class WrongKind(Refusal):
    """Nothing that we open. `reason`: one of `REASONS`."""

    status = 415

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.message = REASONS[reason]


# Why a paper was turned away, said to whoever sent it: what it is, and what to do.
REASONS: dict[str, Any] = {
    "type": _l("Send a PDF, a JPEG or a PNG. Other kinds of file cannot be opened here."),
    "mismatch": _l("Its name says one kind of file and its content is another. Save it again."),
    "heic": _l("This photograph is in HEIC. Take it here with the camera, or save it as JPEG."),
    "empty": _l("This file is empty. Look for the right one and send it."),
    "broken": _l("This file is damaged and cannot be read. Send it again, or photograph it."),
    "changed": _l("The file changed on its way. Please send it again."),
    "locked": _l("This PDF has a password. Save it without one and send it again."),
    "actions": _l("This PDF wants to start programs. Print it as a new PDF, or photograph it."),
    "form": _l("This form opens in one program only. Print it as a new PDF and send that."),
    "pages": _l("This PDF has too many pages. Send only the ones that are needed."),
    "pixels": _l("This image is too large to be opened. Photograph the paper here instead."),
    "bomb": _l("This file is too heavy to be opened. Print it as a new PDF, or photograph it."),
    "odd": _l("This PDF cannot be made safe. Print it as a new PDF, or photograph it."),
    "harm": _l("This file has a virus, so nobody has opened it. Send another copy of the paper."),
}
