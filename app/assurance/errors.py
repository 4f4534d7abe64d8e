"""Refusals about how surely somebody is known."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal, TooMany


class IdentifyFirst(Refusal):
    message = _l("Before you go on, we need to know who you are. Open the page of your visit.")


class NotSureEnough(Refusal):
    message = _l("This needs the person to be identified first. Check who it is, then go on.")


class NotAuthorised(Refusal):
    status = 403
    message = _l("You are not in the register of clerks who may identify people. Ask a colleague.")


class ConsentMissing(Refusal):
    message = _l("The citizen has not agreed yet. Wait for the answer, or note what they say.")


class CheckOver(Refusal):
    message = _l("This check is already over. Look at the visit again and begin a new one.")


class NotBeingAttended(Refusal):
    message = _l("People are identified while they are attended. Call this person first.")


class AlreadyUndone(Refusal):
    message = _l("This was already undone by somebody else. Nothing was changed.")


class ForeignReturn(Refusal):
    """A callback that belongs to no attempt of this browser, or to one that is over."""

    status = 400
    message = _l("This answer does not fit your visit, or came too late. Nothing was changed.")


class TooManyAttempts(TooMany):
    message = _l("There have been several attempts. Wait an hour, or let the clerk identify you.")


class ProviderAway(Refusal):
    status = 503
    message = _l("That service does not answer now. Choose another way, or try again later.")


class AlreadyAuthorised(Refusal):
    message = _l("This person is already in the register. Change their entry instead.")
