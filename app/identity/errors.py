"""Refusals about who somebody is."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Missing, Refusal, TooMany


class SignInFirst(Refusal):
    status = 401
    message = _l("Please sign in to open this page.")


class NotForYou(Refusal):
    status = 403
    message = _l("This page is for other staff of the town hall.")


class PasskeyRefused(Refusal):
    """One sentence whatever the reason; `why` is for the audit, `is_unknown` for the browser."""

    status = 403
    message = _l("That passkey was not accepted. Please try again.")

    def __init__(self, why: str = "nonsense", account_id: int | None = None) -> None:
        super().__init__(why)
        self.why, self.account_id = why, account_id

    @property
    def is_unknown(self) -> bool:
        return self.why == "unknown"


class SomebodyElse(Refusal):
    status = 403
    message = _l("You have checked who they are yourself. Somebody else has to confirm it.")


class MayBeOnePerson(Refusal):
    status = 403
    message = _l(
        "One person could have signed in for both of you this week. Somebody else has to confirm"
        " it."
    )


class RecoveryGone(Missing):
    message = _l("Nobody is waiting for this any more. Perhaps a colleague was quicker.")


class TooManyPasskeys(Refusal):
    message = _l("You have as many passkeys as one may have. Remove one first.")


class LastPasskey(Refusal):
    message = _l("This is your only passkey. Add another one before you remove it.")


class PasskeyMissing(Missing):
    message = _l("This passkey does not exist any more.")


class ConfirmFirst(Refusal):
    """What only whoever holds one of the passkeys may do."""

    status = 403
    message = _l("Please use one of your passkeys first, so that we know it is you.")


class NotOnKiosk(Refusal):
    status = 403
    message = _l("This screen is shared, so passkeys are not used here.")


class AnswersGone(Missing):
    message = _l("We no longer keep what you wrote. Please write it again.")


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
