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
    message = _l("We have sent several codes already. Please wait an hour, or call us.")


class NoMoreMessages(Refusal):
    status = 503
    message = _l("We cannot send more messages today. Please call us and we will book for you.")
