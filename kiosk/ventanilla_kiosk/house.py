"""Speaking with the town hall: JSON over HTTPS, with this device's key."""

import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 10.0
STREAM_SILENCE = 45.0  # the house says something every 15 seconds


class Unreachable(Exception):
    """Nobody answered, or somebody in the way did."""


class Refused(Exception):
    """The house understood and said no."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class House:
    """The town's own address. Each question has a connection of its own: nothing hangs for long."""

    def __init__(self, town: str, key: str = "", connect_to: str = "") -> None:
        self.address = urlsplit(town)
        self.key = key
        self.connect_to = connect_to

    def post(self, path: str, said: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(said).encode()
        answer = self._ask("POST", path, body, "application/json")
        return json.loads(answer) if answer else {}

    def send(self, path: str, body: bytes, kind: str) -> None:
        self._ask("POST", path, body, kind)

    def get(self, path: str) -> bytes:
        return self._ask("GET", path)

    def news(self) -> Iterator[str]:
        """The names of what happens, until the line breaks."""
        connection = self._connection(STREAM_SILENCE)
        try:
            connection.request("GET", "/kiosk/device/stream", headers=self._headers())
            answer = connection.getresponse()
            if answer.status != 200:
                raise Refused(answer.status)
            while line := answer.readline():
                text = line.decode("utf-8", "replace").strip()
                if text.startswith("event:"):
                    yield text.removeprefix("event:").strip()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(str(error)) from error
        finally:
            connection.close()

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        connection = self._connection(PATIENCE)
        headers = self._headers() | ({"Content-Type": kind} if kind else {})
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            read = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(str(error)) from error
        finally:
            connection.close()
        if answer.status >= 500 or answer.status == 429:
            raise Unreachable(f"answered {answer.status}")
        if answer.status >= 300:
            raise Refused(answer.status)
        return read

    def _headers(self) -> dict[str, str]:
        headers = {"Host": self.address.netloc, "Accept": "application/json"}
        return headers | ({"Authorization": f"Bearer {self.key}"} if self.key else {})

    def _connection(self, patience: float) -> http.client.HTTPConnection:
        host = self.address.hostname or ""
        if self.address.scheme == "https":
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, self.address.port, timeout=patience, context=ssl.create_default_context()
            )
        else:
            made = http.client.HTTPConnection(host, self.address.port, timeout=patience)
        if self.connect_to:
            connect = made._create_connection  # type: ignore[attr-defined]
            made._create_connection = (  # type: ignore[attr-defined]
                lambda address, *more: connect((self.connect_to, address[1]), *more)
            )
        return made
