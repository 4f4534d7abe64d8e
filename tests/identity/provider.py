"""The real provider of identities that tests talk to, and somebody who walks through its pages."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from tests.counter import ROOT, a_free_port

# Where it may send people back to: the towns of the tests, on the port that is set by default.
BACKS = [
    f"http://{town}.localhost:8000/eid/{name}/back"
    for town in ("vilaclara", "etxalde")
    for name in ("real", "hasty", "valid")
]
SECRET = "a secret of at least thirty-two letters"


@dataclass(frozen=True)
class RunningProvider:
    """Where it is, and how it is described in the settings of an installation."""

    issuer: str

    @property
    def oidc(self) -> dict[str, object]:
        return {
            "kind": "oidc",
            "name": "real",
            "label": "Real ID",
            "issuer": self.issuer,
            "client_id": "ventanilla",
            "client_secret": SECRET,
        }

    @property
    def hasty(self) -> dict[str, object]:
        """Its codes live for a second."""
        return {**self.oidc, "name": "hasty", "client_id": "ventanilla-hasty"}

    @property
    def valid(self) -> dict[str, object]:
        return {
            "kind": "valid",
            "name": "valid",
            "label": "VALid",
            "client_id": "ventanilla-valid",
            "client_secret": SECRET,
            "authorize_url": f"{self.issuer}/o/oauth2/auth",
            "token_url": f"{self.issuer}/o/oauth2/token",
            "userinfo_url": f"{self.issuer}/serveis-rest/getUserInfo",
            "evidence_url": f"{self.issuer}/serveis-rest/getAuthenticationEvidence",
        }


@contextmanager
def a_provider(*redirects: str) -> Iterator[RunningProvider]:
    """npm's oidc-provider in a process of its own, until the end of the block."""
    port = a_free_port()
    script = Path(__file__).with_suffix(".mjs")
    process = subprocess.Popen(
        ["node", str(script), str(port), *redirects],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline().strip() == "ready"
        yield RunningProvider(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(timeout=20)
        assert process.stdout
        process.stdout.close()


def walk(url: str, who: str) -> str:
    """Be that person at the provider (nobody: turn back). Returns where it sends one afterwards."""
    with requests.Session() as browser:
        page = browser.get(url, timeout=10)
        uid = re.search(r'action="(/ask/[^"]+)"', page.text)
        assert uid, f"the provider did not ask: {page.status_code} {page.text[:300]}"
        at = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
        answer = browser.post(at + uid[1], data={"who": who}, allow_redirects=False, timeout=10)
        while answer.headers["Location"].startswith(at):
            answer = browser.get(answer.headers["Location"], allow_redirects=False, timeout=10)
        return answer.headers["Location"]


def query_of(url: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
