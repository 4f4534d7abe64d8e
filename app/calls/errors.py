"""Refusals in a call."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal, TooMany


class NotCalledYet(Refusal):
    message = _l("You have not been called yet. Please wait a little longer.")


class Replaced(Refusal):
    message = _l("This call is now open in another window.")


class RoomFull(Refusal):
    message = _l("There are already five people in this call. One of them has to leave first.")


class NotYours(Refusal):
    status = 403
    message = _l("In this call you may not do that. Ask the person who attends.")


class InvitationOver(Missing):
    message = _l("This invitation is no longer valid. Ask the town hall for a new one.")


class InvitationTaken(Refusal):
    message = _l("This invitation is already open on another device. Ask for one of your own.")


class TooManyInvitations(Refusal):
    message = _l("This visit has too many invitations. Withdraw one that is not needed.")


class NotInTheRoom(Missing):
    message = _l("That person is not in this call.")


class BridgeMissing(Missing):
    message = _l("That telephone call is not known here.")


class NoBridge(Refusal):
    message = _l("Telephones cannot be joined here. Dial the number yourself.")


class TooLarge(Refusal):
    status = 413
    message = _l("That message is too large for the call.")


class TooFast(TooMany):
    message = _l("The call sends too much at once. It goes on by itself in a moment.")


class Garbled(Refusal):
    status = 400
    message = _l("The call sent something that we do not understand.")


class LineGone(Refusal):
    status = 410
    message = _l("The server of sound and picture began anew. The call comes back by itself.")


class NotSentYet(Refusal):
    status = 425
    message = _l("Nothing comes from that person yet. The call tries again by itself.")
