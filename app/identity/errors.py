"""Refusals about who somebody is."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal, TooMany


class SignInFirst(Refusal):
    status = 401
    message = _l("Please sign in to open this page.")


class NotForYou(Refusal):
    status = 403
    message = _l("This page is for other staff of the town hall.")


class PasskeyRefused(Refusal):
    status = 403
    message = _l("That passkey was not accepted. Please try again, or ask for a new invitation.")


class TooManyCodes(TooMany):
    retry_after = 3600
    message = _l("We have sent several codes already. Please wait an hour, or call us.")


class CodesStopped(Refusal):
    """Too few of the codes sent to such numbers came back: somebody lives on our messages."""

    status = 503
    retry_after = 3600
    message = _l("We cannot send codes to numbers like yours just now. Please call us.")


class NotFromHere(Refusal):
    status = 422
    message = _l("We can only send messages to numbers from Spain. For other numbers, call us.")


class NoMoreMessages(Refusal):
    status = 503
    retry_after = 3600
    message = _l("We cannot send more messages today. Please call us and we will book for you.")
