"""How a browser speaks with the papers of a visit: in pieces, or in one form."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import town

PIECE = 64 * 1024
JSON = {"Accept": "application/json"}


@dataclass
class House:
    """The papers of one visit, as one side of the counter reaches them."""

    client: FlaskClient
    address: str

    def token(self) -> str:
        return town.token_in(self.page())

    def page(self) -> str:
        return self.client.get(self.address).text

    def post(self, path: str = "", **how: Any) -> TestResponse:
        headers = {"X-CSRFToken": self.token(), **JSON, **how.pop("headers", {})}
        return self.client.post(f"{self.address}{path}", headers=headers, **how)

    def begin(self, name: str, content: bytes, **more: Any) -> TestResponse:
        digest = hashlib.sha256(content).hexdigest()
        told = {"name": name, "size": len(content), "key": f"file-{digest[:40]}", "digest": digest}
        return self.post("/uploads", json={**told, **more})

    def piece(self, paper: str, offset: int, piece: bytes, digest: str = "") -> TestResponse:
        digest = digest or hashlib.sha256(piece).hexdigest()
        headers = {"X-Piece-Digest": digest, "Content-Type": "application/octet-stream"}
        return self.post(f"/{paper}/pieces?offset={offset}", data=piece, headers=headers)

    def send(self, name: str, content: bytes) -> dict[str, Any]:
        """The whole way, as the script goes it. What the server says in the end."""
        begun = self.begin(name, content)
        if begun.status_code != 200:
            return {"status": begun.status_code, **begun.get_json()}
        told = begun.get_json()
        while told["state"] == "receiving" and told["offset"] < len(content):
            offset = told["offset"]
            told = self.piece(told["paper"], offset, content[offset : offset + PIECE]).get_json()
        return self.finish(told["paper"]).get_json()

    def finish(self, paper: str) -> TestResponse:
        return self.post(f"/{paper}/finish", json={})

    def form(self, *files: tuple[str, bytes]) -> TestResponse:
        """Without a script."""
        sent = [(io.BytesIO(content), name) for name, content in files]
        return self.client.post(
            self.address,
            data={"csrf_token": self.token(), "papers": sent},
            content_type="multipart/form-data",
        )

    def get(self, path: str) -> TestResponse:
        return self.client.get(f"{self.address}{path}")
