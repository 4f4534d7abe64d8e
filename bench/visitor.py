"""Somebody without a browser: one kept connection, their cookies and the token of the last page."""

import http.client
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from counter import Counter

PAGE_TOKEN = re.compile(rb'name="csrf-token" content="([^"]+)"')
FORM_TOKEN = re.compile(rb'name="token"[^>]* value="([^"]+)"')
SLOT = re.compile(rb'id="slot-(\d{8}T\d{4}Z)"')


@dataclass
class Answer:
    status: int
    location: str
    body: bytes


class Visitor:
    """One person at one town. Their connection may be lent by somebody else."""

    def __init__(
        self, counter: Counter, town: str, connection: http.client.HTTPConnection | None = None
    ) -> None:
        self.host = f"{town}.localhost:{counter.port}"
        self.connection = connection or connect(counter)
        self.cookies: dict[str, str] = {}
        self.page_token = ""
        self.form_token = ""

    def get(self, path: str, **headers: str) -> Answer:
        answer = self._ask("GET", path, None, headers)
        self.page_token = _found(PAGE_TOKEN, answer.body) or self.page_token
        self.form_token = _found(FORM_TOKEN, answer.body) or self.form_token
        return answer

    def post(self, path: str, **fields: str) -> Answer:
        body = urlencode({"csrf_token": self.page_token, **fields})
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, body, form)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        always = {"Host": self.host, "Accept": "text/html", "Cookie": cookie}
        self.connection.request(method, path, body, {**always, **headers})
        response = self.connection.getresponse()
        content = response.read()
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, response.headers.get("Location", ""), content)


def connect(counter: Counter) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", counter.port, timeout=60)
    connection.connect()
    return connection


def free_starts(visitor: Visitor, times: str) -> list[str]:
    """The free times that a page shows, as they stand in links."""
    return [start.decode() for start in SLOT.findall(visitor.get(times).body)]


def a_waiting_room(visitor: Visitor) -> str:
    """The address of a visit that the demonstration has just put into the waiting room."""
    visitor.get("/demo/")
    answer = visitor.post("/demo/somebody-waits", then="wait")
    assert answer.location.endswith("/wait"), f"nobody could wait: {answer}"
    return answer.location.removesuffix("/wait")


def _found(pattern: re.Pattern[bytes], body: bytes) -> str:
    match = pattern.search(body)
    return match[1].decode() if match else ""
