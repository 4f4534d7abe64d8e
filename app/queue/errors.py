"""Refusals about the queue."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class TooEarly(Refusal):
    message = _l("The waiting room is not open yet. Come back shortly before your time.")


class TooLate(Refusal):
    message = _l("The time of this visit has passed. Please book another, or call us.")


class NobodyWaiting(Refusal):
    message = _l("Nobody is waiting for you now.")


class AlreadyAttending(Refusal):
    message = _l("You are attending somebody. Finish that visit before you call the next.")


class NotAtTheCounter(Refusal):
    status = 403
    message = _l("Your account is not set up for the counter, so you cannot call people.")


class NotByVideo(Refusal):
    message = _l("This visit is not by video call, so it has no waiting room here.")


class AppointmentSoon(Refusal):
    message = _l("Your next appointment is about to begin. You can still call from the list.")


class LineClosed(Refusal):
    message = _l("Nobody can attend you today without an appointment. Please book a time.")
