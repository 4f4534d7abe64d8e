"""Refusals of the back office."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class ChangedMeanwhile(Refusal):
    """Somebody else changed the same thing while this form was open."""

    message = _l("Somebody else has changed this meanwhile. Nothing of yours is saved yet.")


class OfferOver(Refusal):
    """What was chosen for a visit cannot be done as it was shown."""

    message = _l("The situation has changed. Look at the visits again before you confirm.")


class HalfTranslated(Refusal):
    """Something is missing in a language of the town, and nobody said that it may be."""

    message = _l("Some texts are missing in a language of the town. Say whether that is all right.")


class ProcedureUsed(Refusal):
    message = _l(
        "People have come for this procedure, so it cannot be deleted. Archive it instead."
    )
