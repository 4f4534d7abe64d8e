"""Refusals about the board, keys of other machines, and setting a town up."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class NobodyToTell(Refusal):
    """Nobody waits for that any more."""

    message = _l("Nobody is waiting for that any more. Nothing was sent.")


class CannotAttend(Refusal):
    """That clerk does not do this, or does not speak the language."""

    message = _l("That person does not attend this, or not in this language. Choose another.")


class AddressUnfit(Refusal):
    """News of visits never go to an address of our own network, nor in the clear."""

    status = 422
    message = _l("Write an address that begins with https:// and is open to the internet.")


class NotSigned(Refusal):
    """What another machine asked is not signed by one of this town's keys, or is too old."""

    status = 401
    message = _l("The signature is missing or wrong, the key has ended, or the clock differs.")


class HeardBefore(Refusal):
    """The same request again."""

    message = _l("This request was heard before. Make a new one, with a nonce of its own.")


class KeyTooSmall(Refusal):
    """The key does not open this."""

    status = 403
    message = _l("This key does not open that. Ask for another one in the back office.")


class ParameterUnfit(Refusal):
    """Something in the address of the request cannot be read."""

    status = 400
    message = _l("One of the parameters cannot be read. Look at the description of the interface.")
