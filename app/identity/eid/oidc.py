"""OpenID Connect: a signed token says who it is and how surely.

Authlib checks the signature, the audience, the times and the nonce. What it leaves open is closed
here: the issuer must be the one we were configured with, the token must be signed with a key of
theirs and not with our own secret, and the data must be about the same person as the token.
"""

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

# Signatures that only they can make. A secret that we share would prove nothing to a court.
SIGNED_BY_THEM = ("ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "RS384", "PS384")
KINDS = ("dni", "nie", "passport")
# Words by which eIDAS nodes and others name the level, shortened to the last piece of an address.
WORDS = {"basic": "low", "loa1": "low", "loa2": "substantial", "loa3": "substantial"}


class OpenIdProvider(OAuthProvider):
    """Found by its issuer; `acr` is how sure they are."""

    addresses = ("issuer",)

    def _client(self) -> Client:
        issuer = str(self.settings["issuer"]).rstrip("/")
        scope = str(self.settings.get("scope", "openid profile"))
        return Client(
            None,
            name=self.name,
            client_id=self.settings["client_id"],
            client_secret=self.settings["client_secret"],
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs=session_settings(self.timeout, scope),
            compliance_fix=stay_there,
            user_agent="Ventanilla",
        )

    def _asked(self, language: str) -> dict[str, Any]:
        """A stranger before us on this device must not be taken for this person."""
        more = {"acr_values": wanted} if (wanted := self.settings.get("acr_values")) else {}
        return {"ui_locales": language, "prompt": "login", **more}

    def _metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = self.client.load_server_metadata()
        if metadata.get("issuer") != self.settings["issuer"]:
            raise Failed("issuer")
        return metadata

    def _refuse_other_issuer(self, callback: Mapping[str, str]) -> None:
        metadata = self._metadata()
        said = callback.get("iss")
        must_say = metadata.get("authorization_response_iss_parameter_supported", False)
        if said != metadata["issuer"] and (said is not None or must_say):
            raise Failed("issuer")

    def _who(self, token: Mapping[str, Any], kept: Mapping[str, str]) -> Outcome:
        if not isinstance(token.get("id_token"), str):
            raise Failed("no_id_token")
        said = self._read(token, kept["nonce"])
        about = self._more_about(token, str(said["sub"]))
        both = {**about, **said}
        word = str(both.get("acr", "")).rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower()
        number = both.get(str(self.settings.get("document_claim", "document_number")))
        kind = str(both.get("document_kind", "")).lower()
        name = named(both.get("name")) or named(both.get("given_name"), both.get("family_name"))
        return Outcome(
            Ending.IDENTIFIED,
            level=WORDS.get(word, word)[:40],
            claims=claims(name, kind if kind in KINDS else "other", number),
            evidence={
                "issuer": str(said["iss"])[:200],
                "id_token": digest_of(token["id_token"]),
                "acr": str(both.get("acr", ""))[:120],
                "amr": " ".join(str(one) for one in said.get("amr") or [])[:120],
            },
        )

    def _read(self, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        metadata = self._metadata()
        promised = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        ours = [name for name in promised if name in SIGNED_BY_THEM]
        # Narrowed once, it stays so for every reading of this process.
        metadata["id_token_signing_alg_values_supported"] = ours
        rules = {
            "iss": {"essential": True, "values": [metadata["issuer"]]},
            "aud": {"essential": True, "values": [self.client.client_id]},
        }
        said: Mapping[str, Any] | None = self.client.parse_id_token(
            dict(token), nonce=nonce, claims_options=rules, leeway=60
        )
        if said is None:
            raise Failed("no_id_token")
        return said

    def _more_about(self, token: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """What the token does not carry. Data about somebody else is refused."""
        address = self._metadata().get("userinfo_endpoint")
        if not address:
            return {}
        about = json.loads(self._fetch(str(address), token))
        if not isinstance(about, dict) or about.get("sub") != subject:
            raise Failed("subject")
        return about
