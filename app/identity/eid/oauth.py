"""What VALid and OpenID Connect share: an authorisation code, asked and exchanged with Authlib."""

import hmac
import logging
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import HTTPError, Timeout

from app.core.settings import Unsafe
from app.identity.eid.model import Beginning, Claims, Ending, Outcome, ProviderDown

log = structlog.get_logger()

# At their finest these write whole addresses and verifiers; one provider wants the access token in
# an address. No setting of ours may let them.
for talkative in ("urllib3", "authlib"):
    logging.getLogger(talkative).setLevel(logging.INFO)

# How sure they are → how sure we are. Low is an account opened online: it identifies nobody.
LEVELS = {"low": "phone", "substantial": "eid", "high": "eid"}
OUR_LEVELS = ("phone", "passkey", "eid")
CANCELLED = ("access_denied", "SESSION_CANCEL", "login_required", "interaction_required")
MOST_BYTES = 512 * 1024
LONGEST = 2000  # of anything in an address


class Client(OAuth2Mixin, OpenIDMixin, BaseApp):
    """Authlib's client without a framework: what must be remembered is in our own register."""

    client_cls = OAuth2Session


class Failed(Exception):
    """What came back is not acceptable. The word says why, for the audit."""


class OAuthProvider:
    """One provider of this installation, as its settings describe it."""

    needs: tuple[str, ...] = ("name", "label", "client_id", "client_secret")
    addresses: tuple[str, ...] = ()

    def __init__(self, settings: Mapping[str, Any], *, is_https_needed: bool) -> None:
        for key in (*self.needs, *self.addresses):
            if not settings.get(key):
                raise Unsafe(f"EID_PROVIDERS: {settings.get('name', 'one')} needs {key}.")
        for key in self.addresses:
            if is_https_needed and urlsplit(str(settings[key])).scheme != "https":
                raise Unsafe(f"EID_PROVIDERS: in production {key} begins with https://.")
        self.name, self.label = str(settings["name"]), str(settings["label"])
        self.levels = {**LEVELS, **settings.get("levels", {})}
        if not set(self.levels.values()) <= set(OUR_LEVELS):
            raise Unsafe(f"EID_PROVIDERS: levels are {', '.join(OUR_LEVELS)}.")
        self.settings = settings
        self.timeout = float(settings["timeout"])
        self.client = self._client()

    def _client(self) -> Client:
        raise NotImplementedError

    def begin(self, back: str, language: str) -> Beginning:
        """Where to send them, with a state and a verifier that only our register knows."""
        try:
            asked = self.client.create_authorization_url(
                back, state=secrets.token_urlsafe(32), **self._asked(language)
            )
        except Exception as error:
            self._note(error)
            raise ProviderDown from None
        url = asked.pop("url")
        return Beginning(url, {key: str(value) for key, value in asked.items()})

    def _asked(self, language: str) -> dict[str, Any]:
        return {}

    def finish(self, kept: Mapping[str, str], callback: Mapping[str, str], back: str) -> Outcome:
        """Whatever is wrong is an ending. Nothing of theirs is written down but its kind."""
        try:
            return self._finish(kept, callback, back)
        except Failed as error:
            return Outcome(Ending.FAILED, reason=str(error))
        except Exception as error:
            self._note(error)
            is_down = _is_about_the_line(error)
            return Outcome(
                Ending.DOWN if is_down else Ending.FAILED,
                reason="no_answer" if is_down else "not_acceptable",
            )

    def _finish(self, kept: Mapping[str, str], callback: Mapping[str, str], back: str) -> Outcome:
        if not hmac.compare_digest(kept.get("state", "").encode(), _text(callback, "state")):
            raise Failed("state")
        self._refuse_other_issuer(callback)
        if callback.get("error"):
            cancelled = callback["error"] in CANCELLED
            return Outcome(
                Ending.CANCELLED if cancelled else Ending.FAILED,
                reason="" if cancelled else "provider_error",
            )
        code = _text(callback, "code")
        if not code:
            raise Failed("no_code")
        token = self.client.fetch_access_token(
            back, code=code.decode(), code_verifier=kept.get("code_verifier")
        )
        if not isinstance(token.get("access_token"), str):
            raise Failed("no_token")
        return self._who(token, kept)

    def _refuse_other_issuer(self, callback: Mapping[str, str]) -> None:
        """Against a mix-up of providers, where the provider says who it is."""

    def _who(self, token: Mapping[str, Any], kept: Mapping[str, str]) -> Outcome:
        raise NotImplementedError

    def _fetch(self, address: str, bearer: Mapping[str, Any] | None, /, **query: str) -> bytes:
        """What they answer. Not even the error may leave: its text would name the address."""
        with self.client._get_oauth_client() as session:
            session.token = dict(bearer) if bearer else None
            answer = session.get(address, params=query, withhold_token=bearer is None)
            if answer.status_code != 200 or len(answer.content) > MOST_BYTES:
                raise Failed("no_data")
            content: bytes = answer.content
            return content

    def _note(self, error: Exception) -> None:
        log.warning("eid provider", provider=self.name, trouble=type(error).__name__)


def session_settings(timeout: float, scope: str) -> dict[str, Any]:
    """How Authlib is to speak: with PKCE always, and never for longer than this."""
    return {"scope": scope, "code_challenge_method": "S256", "default_timeout": timeout}


def stay_there(session: Any) -> None:
    """A secret sent to one address must not follow a redirection to another."""
    session.max_redirects = 0


def named(*parts: Any) -> str:
    """A name out of its pieces, on one line, not longer than a name is."""
    words = " ".join(" ".join(str(part or "") for part in parts).split())
    return "".join(sign for sign in words if sign.isprintable())[:120]


def claims(name: str, kind: str, number: Any) -> Claims:
    written = named(number).replace(" ", "").upper()[:40]
    return Claims(name=name, document_kind=kind if written else "", document_number=written)


def _text(callback: Mapping[str, str], key: str) -> bytes:
    return str(callback.get(key, ""))[:LONGEST].encode()


def _is_about_the_line(error: Exception) -> bool:
    """Whether nobody answered, as against answering what we cannot accept."""
    if isinstance(error, HTTPError):
        answer = error.response
        return answer is not None and answer.status_code >= 500
    return isinstance(error, NoConnection | Timeout)
