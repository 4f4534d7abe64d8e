"""Refusals about recordings."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal


class NotRecorded(Refusal):
    message = _l("The meetings of this procedure are not recorded.")


class NobodyToAsk(Refusal):
    message = _l("Nobody else is in the call. Wait until the citizen is there.")


class AlreadyAsked(Refusal):
    message = _l("A recording is open already. Stop it before you begin another.")


class SegmentMissing(Missing):
    message = _l("There is no such recording.")


class ConsentMissing(Refusal):
    message = _l("Nothing is recorded before everybody in the call has agreed.")


class TextChanged(Refusal):
    message = _l("This text has changed. Please read it again and answer then.")


class AnswerOver(Refusal):
    message = _l("This question is no longer open. Below is how it stands now.")


class NotRunning(Refusal):
    message = _l("This recording is not running now.")


class SegmentOver(Refusal):
    message = _l("This recording has ended. Nothing more is added to it.")


class Withdrawn(Refusal):
    message = _l("Somebody no longer agrees, so this part is not kept.")


class OutOfOrder(Refusal):
    """`wanted`: the number of the piece that comes next."""

    message = _l("A piece of the recording is missing before this one.")

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.wanted = wanted


class PieceAltered(Refusal):
    message = _l("This piece of the recording is not the one that was announced.")


class PieceTooLarge(Refusal):
    status = 413
    message = _l("This piece of the recording is too large.")


class PieceGarbled(Refusal):
    status = 400
    message = _l("The recording sent something that we do not understand.")


class ReasonMissing(Refusal):
    message = _l("Write why you look at this recording.")


class NotKeptYet(Refusal):
    message = _l("This recording is not ready yet. Try again in a moment.")
