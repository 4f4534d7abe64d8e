"""What a kiosk does not do, in the words of the person at it."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class NotAKiosk(Refusal):
    """This browser is none, or the time of whoever stood at it is over."""

    message = _l("This screen is getting ready for the next person. One moment, please.")


class TicketUsed(Refusal):
    """A second browser, or one that comes too late. The first is the kiosk, and stays it."""

    message = _l(
        "This screen is already open in another window, or its time is over."
        " Ask the staff to start it again."
    )


class UnknownDevice(Refusal):
    """A key that is none, or of a kiosk that was removed."""

    status = 403
    message = _l("This device is not one of our kiosks.")


class CodeOver(Refusal):
    """A device code that nobody typed in time, or that was never given."""

    status = 410
    message = _l("This code is not right or has expired. Look at the screen of the kiosk again.")


class NotYet(Refusal):
    """Nobody has approved this device so far."""

    status = 428
    message = _l("Nobody has approved this device so far.")


class HandOffOver(Refusal):
    status = 410
    message = _l("This code has been used or has expired. Ask the kiosk for a new one.")


class NumberUnknown(Refusal):
    message = _l("There is no appointment today with this number. Look at the paper again.")


class NotAtAKiosk(Refusal):
    message = _l("This person is not at a kiosk now.")


class KioskUnheard(Refusal):
    message = _l("The kiosk does not answer now. Ask again in a minute.")


class NothingToPrint(Refusal):
    message = _l("There is nothing to print.")


class BoothTaken(Refusal):
    message = _l("That place belongs to another kiosk. Choose another.")


class GarbledReport(Refusal):
    status = 400
    message = _l("This report cannot be read.")
