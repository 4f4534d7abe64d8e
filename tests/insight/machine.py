"""Another machine of the town hall: it signs what it asks."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import db
from app.insight import services
from app.insight.models import ApiKey, Scope


def a_key(*scopes: Scope) -> ApiKey:
    key = services.make_key("Padrón", scopes or list(Scope))
    db.session.commit()
    return key


def headers_for(
    key: ApiKey, path: str, *, method: str = "GET", at: int = 0, nonce: str = ""
) -> dict[str, str]:
    """Worked out here by the words of the description, not with the code of the house."""
    when = str(at or int(clock.now().timestamp()))
    nonce = nonce or secrets.token_hex(12)
    text = "\n".join((method, path, when, nonce, hashlib.sha256(b"").hexdigest()))
    secret = services.secret_of(key).encode()
    return {
        "Ventanilla-Key": key.code,
        "Ventanilla-Time": when,
        "Ventanilla-Nonce": nonce,
        "Ventanilla-Signature": hmac.new(secret, text.encode(), hashlib.sha256).hexdigest(),
    }


def ask(client: FlaskClient, base: str, key: ApiKey, path: str, **how: object) -> TestResponse:
    return client.get(f"{base}{path}", headers=headers_for(key, path, **how))  # type: ignore[arg-type]


class Listener:
    """A receiver of news on this machine: it keeps what arrives, and answers as it is told."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/news?town=1"
        self.heard: list[tuple[dict[str, str], bytes, str]] = []
        self.answers: list[int] = []


@contextmanager
def a_listener() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.heard.append((dict(self.headers), body, self.path))
            self.send_response(listener.answers.pop(0) if listener.answers else 204)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
