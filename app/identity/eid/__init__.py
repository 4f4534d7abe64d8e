"""National identities, plugged in: send somebody to a provider and understand what comes back.

One interface with two steps. `begin` says where to send the person and what we must remember;
`finish` reads what came back against what we remembered, and answers who it is, or why nobody.
Nothing here writes to the register or knows of visits. docs/eid.md says how others would fit.
"""

from collections.abc import Mapping

from flask import Flask, current_app

from app.core.errors import Missing
from app.core.settings import Unsafe
from app.identity.eid.model import Beginning, Claims, Ending, Outcome, Provider, ProviderDown
from app.identity.eid.oidc import OpenIdProvider
from app.identity.eid.valid import ValidProvider

__all__ = [
    "Beginning",
    "Claims",
    "Ending",
    "Outcome",
    "Provider",
    "ProviderDown",
    "init_app",
    "offer",
    "offered",
    "provider_or_404",
]

KINDS: dict[str, type[OpenIdProvider] | type[ValidProvider]] = {
    "oidc": OpenIdProvider,
    "valid": ValidProvider,
}


def init_app(app: Flask) -> None:
    """Every provider of this installation's settings. Without any, nothing is offered."""
    app.extensions["eid"] = {}
    for settings in app.config["EID_PROVIDERS"]:
        offer(app, settings)


def offer(app: Flask, settings: Mapping[str, object]) -> None:
    """One provider more. What is missing or unsafe stops the start with a sentence."""
    kind = KINDS.get(str(settings.get("kind")))
    if kind is None:
        raise Unsafe(f"EID_PROVIDERS: kind is one of {', '.join(KINDS)}.")
    made = kind(
        {"timeout": app.config["EID_TIMEOUT_SECONDS"], **settings},
        is_https_needed=bool(app.config["PRODUCTION"]),
    )
    if made.name in app.extensions["eid"]:
        raise Unsafe(f"EID_PROVIDERS: two providers are called {made.name!r}.")
    app.extensions["eid"][made.name] = made


def offered(chosen: list[str]) -> list[Provider]:
    """Those of this installation that the town has chosen, in the town's order."""
    known: dict[str, Provider] = current_app.extensions["eid"]
    return [known[name] for name in chosen if name in known]


def provider_or_404(name: str, chosen: list[str]) -> Provider:
    """A provider that is not configured, or not chosen by this town, does not exist."""
    found = next((one for one in offered(chosen) if one.name == name), None)
    if found is None:
        raise Missing
    return found
