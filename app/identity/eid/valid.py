"""VALid and its like: plain OAuth 2.0, with the person's data behind an address of their own.

VALid (Consorci AOC) wants the access token in the address of its data. So no address is ever
written down: neither in our log, nor in the text of an error. PKCE is sent although it is not
named in their manual: who does not know it passes over it.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from app.identity.eid.model import Ending, Outcome, digest_of
from app.identity.eid.oauth import (
    Client,
    Failed,
    OAuthProvider,
    claims,
    named,
    session_settings,
    stay_there,
)

DOCUMENTS = {"1": "dni", "2": "nie", "3": "passport", "4": "other"}
MOST_EVIDENCES = 10


class ValidProvider(OAuthProvider):
    """Described by its addresses: `authorize_url`, `token_url`, `userinfo_url`, `evidence_url`."""

    addresses = ("authorize_url", "token_url", "userinfo_url")

    def _client(self) -> Client:
        scope = str(self.settings.get("scope", "autenticacio_usuari"))
        how = session_settings(self.timeout, scope)
        how["token_endpoint_auth_method"] = "client_secret_post"  # noqa: S105 - a way, no secret
        return Client(
            None,
            name=self.name,
            client_id=self.settings["client_id"],
            client_secret=self.settings["client_secret"],
            authorize_url=self.settings["authorize_url"],
            access_token_url=self.settings["token_url"],
            authorize_params={"access_type": "online", "approval_prompt": "auto"},
            client_kwargs=how,
            compliance_fix=stay_there,
            user_agent="Ventanilla",
        )

    def _who(self, token: Mapping[str, Any], kept: Mapping[str, str]) -> Outcome:
        secret = str(token["access_token"])
        about = _object(self._fetch(str(self.settings["userinfo_url"]), None, AccessToken=secret))
        if str(about.get("status", "")).lower() != "ok":
            raise Failed("no_data")
        proofs = self._proofs(secret)
        self._say_goodbye(secret)
        # The manual's table says identifierType, its example documentType.
        kind = str(about.get("identifierType") or about.get("documentType") or "4")
        surnames = named(about.get("surname1"), about.get("surname2"))
        return Outcome(
            Ending.IDENTIFIED,
            level=str(about.get("assuranceLevel", "")).strip().lower()[:40],
            claims=claims(
                named(about.get("name"), about.get("surnames") or surnames),
                DOCUMENTS.get(kind, "other"),
                about.get("identifier"),
            ),
            evidence={
                "method": str(about.get("method", ""))[:40],
                **{f"evidence_{number}": text for number, text in enumerate(proofs, 1)},
            },
        )

    def _proofs(self, secret: str) -> list[str]:
        """Digests of the provider's own signed papers about this identification."""
        address = self.settings.get("evidence_url")
        if not address:
            return []
        papers = _object(self._fetch(str(address), None, AccessToken=secret)).get("evidences")
        if not isinstance(papers, list):
            raise Failed("no_evidence")
        return [digest_of(_decoded(paper)) for paper in papers[:MOST_EVIDENCES]]

    def _say_goodbye(self, secret: str) -> None:
        """Their session ends too: the next person at this kiosk is not this one."""
        address = self.settings.get("logout_url")
        if not address:
            return
        try:
            self._fetch(str(address), None, token=secret)
        except Exception as error:
            self._note(error)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise Failed("no_data") from None
    if not isinstance(found, dict):
        raise Failed("no_data")
    return found


def _decoded(paper: Any) -> bytes:
    try:
        return base64.b64decode(str(paper), validate=True)
    except (binascii.Error, ValueError):
        return str(paper).encode()
