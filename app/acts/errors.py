"""What is not sealed, signed or found, and what to do instead."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal


class NotOver(Refusal):
    message = _l("The act is made when the visit is over. Write down the outcome first.")


class Damaged(Refusal):
    message = _l("The file of this record is damaged. Tell whoever looks after this site.")


class NothingNew(Refusal):
    message = _l("This act already has another one in its place. Look at that one.")


class NotSealedYet(Refusal):
    message = _l("The act is being sealed. Please try again in a moment.")


class NoPrinter(Refusal):
    message = _l("No printer is near them now. They can print it from the link of their visit.")


class WrongSignature(Refusal):
    status = 422
    message = _l("This is not a signature of what this act says. Sign the file you got here.")


class UnknownSigner(Refusal):
    message = _l("This certificate is not in the register. Ask an administrator to enter it.")


class AlreadyEntered(Refusal):
    message = _l("This certificate is already in the register for those days.")


class NoSuchAct(Missing):
    """Unknown and malformed codes get the same answer."""

    message = _l("We know no act with this code. Look at each letter and number again.")


class StatementChanged(Refusal):
    message = _l("Somebody else went on with this statement. Look at where it is now.")


class NothingStated(Refusal):
    status = 422
    message = _l("Write down what the citizen states.")


class IdentifyThem(Refusal):
    message = _l("Identify the person first: look at their face and at their document.")
