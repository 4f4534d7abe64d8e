"""Refusals of the back office."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class ChangedMeanwhile(Refusal):
    """Somebody else changed the same thing while this form was open."""

    message = _l("Somebody else has changed this meanwhile. Nothing of yours is saved yet.")


class OfferOver(Refusal):
    """What was chosen for a visit cannot be done as it was shown."""

    message = _l("The situation has changed. Look at the visits again before you confirm.")


class LinkOver(Refusal):
    """The link to set up a town was used, is old, or never was."""

    status = 404
    message = _l("This link is no longer valid. Ask whoever runs the installation for another.")


class TownTaken(Refusal):
    """Another town of this installation has that name in its address."""

    message = _l("Another town has this address here already. Choose another one.")


class NoTimeYet(Refusal):
    """Nobody would attend anything."""

    message = _l("There is no free time yet. Look at the hours and at what each person attends.")
