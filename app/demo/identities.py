"""An invented provider of national identities, as VALid speaks: people, and what is said of them.

It keeps nothing: what it hands out is signed, and tells the rest by itself. Like everything of the
demonstration it does not exist elsewhere, and it asks for no proof at all.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.core.errors import Missing
from app.identity import eid
from app.towns import queries as towns

NAME = "demo"
CLIENT = "ventanilla-demo"
CODE_SECONDS, TOKEN_SECONDS = 120, 300


@dataclass(frozen=True)
class Person:
    """Somebody invented. The numbers belong to nobody: they are those of the official examples."""

    code: str
    name: str
    surnames: str
    identifier: str
    kind: str  # 1 NIF, 2 NIE, 3 passport
    level: str


PEOPLE = (
    Person("pilar", "Pilar", "Demo Invención", "00000000T", "1", "substantial"),
    Person("xoan", "Xoán", "Rei Inventado", "00000001R", "1", "high"),
    Person("fatou", "Fatou", "Diop", "X0000000T", "2", "substantial"),
    Person("john", "John", "Example", "AB123456", "3", "low"),
)


def init_app(app: Flask) -> None:
    """Offer it to the towns, beside whatever the installation has configured."""
    if any(one.get("name") == NAME for one in app.config["EID_PROVIDERS"]):
        return
    port = app.config["PORT"]
    machine = "[::1]" if app.config["HOST"] == "::1" else "127.0.0.1"
    there, inside = f"http://{app.config['DOMAIN']}:{port}", f"http://{machine}:{port}"
    settings = {
        "kind": "valid",
        "name": NAME,
        "label": "idDemo",
        "client_id": CLIENT,
        "client_secret": secret_of(app),
        "authorize_url": f"{there}/demo/identity/auth",
        "token_url": f"{inside}/demo/identity/token",
        "userinfo_url": f"{inside}/demo/identity/getUserInfo",
        "evidence_url": f"{inside}/demo/identity/getAuthenticationEvidence",
    }
    eid.offer(app, settings)


def secret_of(app: Flask) -> str:
    """Shared with nobody but itself; other in each installation."""
    key = str(app.config["SECRET_KEY"]).encode()
    return hmac.new(key, b"demo identity", hashlib.sha256).hexdigest()


def person_or_404(code: str) -> Person:
    found = next((one for one in PEOPLE if one.code == code), None)
    if found is None:
        raise Missing
    return found


def refuse_other_addresses(back: str) -> None:
    """People are sent back to a town of this demonstration, and to nowhere else."""
    there = urlsplit(back)
    is_ours = there.scheme in ("http", "https") and there.path == f"/eid/{NAME}/back"
    if not is_ours or towns.town_of_host(there.hostname or "") is None:
        raise Missing


def answer_of(person: Person, asked: dict[str, str]) -> str:
    """Where somebody goes who has confirmed: back, with a code for two minutes."""
    said = {"who": person.code, "back": asked["redirect_uri"]}
    said["challenge"] = asked.get("code_challenge", "")
    code = _signer("code").dumps({**said, "salt": secrets.token_hex(4)})
    return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"


def cancelled(asked: dict[str, str]) -> str:
    words = {"error": "SESSION_CANCEL", "state": asked["state"]}
    return f"{asked['redirect_uri']}?{urlencode(words)}"


def token_for(form: dict[str, str]) -> dict[str, Any] | None:
    """A token for that code, if it is asked by whom it was made for."""
    said = _read("code", form.get("code", ""), CODE_SECONDS)
    own = hmac.compare_digest(form.get("client_secret", ""), secret_of(current_app))
    if said is None or not own or form.get("redirect_uri") != said["back"]:
        return None
    if said["challenge"] != _challenge(form.get("code_verifier", "")):
        return None
    token = _signer("token").dumps({"who": said["who"]})
    return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}


def user_info(token: str) -> dict[str, str]:
    said = _read("token", token, TOKEN_SECONDS)
    if said is None:
        return {"status": "ko", "error": "token"}
    person = person_or_404(said["who"])
    return {
        "status": "ok",
        "identifier": person.identifier,
        "identifierType": person.kind,
        "name": person.name,
        "surnames": person.surnames,
        "method": "demo",
        "assuranceLevel": person.level,
    }


def evidence(token: str) -> dict[str, Any]:
    said = _read("token", token, TOKEN_SECONDS)
    if said is None:
        return {"status": "ko", "error": "token"}
    paper = f"<demonstration who='{said['who']}'/>".encode()
    return {"status": "ok", "evidences": [base64.b64encode(paper).decode()]}


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _signer(what: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_of(current_app), salt=f"demo identity {what}")


def _read(what: str, text: str, seconds: int) -> dict[str, str] | None:
    try:
        said: dict[str, str] = _signer(what).loads(text, max_age=seconds)
    except BadSignature:
        return None
    return said
