"""Refusals about what is asked during a visit."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class NotBeingAttended(Refusal):
    message = _l("You can ask for something while you attend this person. Call them first.")


class TooManyAsked(Refusal):
    message = _l("Ten requests are waiting for an answer. Withdraw one, or wait.")


class WordsChanged(Refusal):
    """The procedure was edited between the clerk's page and their press."""

    message = _l("The text of this request has just been changed. Read it again before you ask.")


class WayMissing(Refusal):
    message = _l("This way is not set up in your town. Choose another one.")


class AnsweredAlready(Refusal):
    message = _l("This has been answered already. The first answer counts.")


class NotAskedNow(Refusal):
    message = _l("The town hall does not ask for this now. Nothing was changed.")


class AnswerLate(Refusal):
    message = _l("The time to answer is over. The town hall can ask you again.")


class TextChanged(Refusal):
    """What came back is not what was shown."""

    message = _l("This text is not the one we asked about. Read the one below and answer again.")


class NeedsTheCitizen(Refusal):
    message = _l("Only the citizen can do this, on their own screen.")


class ReturnRefused(Refusal):
    """What a gateway or a signing page sent back does not fit, or was not signed by it."""

    status = 400
    message = _l("We could not accept that answer. Nothing was changed. Tell the town hall.")
