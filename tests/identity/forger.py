"""A provider that lies: what it signs, and with what, is decided by the test."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwk

from tests.identity.provider import SECRET


class Forger:
    """One key that it publishes, and what it answers to whoever brings a code."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = jwk.ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
        self.metadata: dict[str, Any] = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/auth",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/me",
            "jwks_uri": f"{issuer}/jwks",
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        }
        self.token: Callable[[], Any] = dict
        self.about: dict[str, Any] = {"sub": "miren", "name": "Miren", "acr": "high"}

    def answer(self, path: str) -> Any:
        return {
            "/.well-known/openid-configuration": lambda: self.metadata,
            "/jwks": lambda: {"keys": [self.key.as_dict(private=False)]},
            "/token": self.token,
            "/me": lambda: self.about,
        }[path]()

    @property
    def settings(self) -> dict[str, object]:
        return {
            "kind": "oidc",
            "name": "forger",
            "label": "Forger",
            "issuer": self.issuer,
            "client_id": "ventanilla",
            "client_secret": SECRET,
        }


@contextmanager
def a_forger() -> Iterator[Forger]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(forger.answer(self.path.split("?")[0])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *words: Any) -> None:
            """Silence: nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forger = Forger(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield forger
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
