"""A time-stamp authority on this machine, by HTTP, that can also misbehave."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from app.core import timestamps
from app.core.timestamps import Development

REPLY = "application/timestamp-reply"


class StandIn(BaseHTTPRequestHandler):
    authority: Development
    manner = "well"
    asked = 0
    patience = threading.Event()  # set when the test is over: nobody waits for a slow answer

    def do_POST(self) -> None:
        type(self).asked += 1
        query = self.rfile.read(int(self.headers["Content-Length"]))
        getattr(self, f"answer_{self.manner}")(query)

    def answer_well(self, query: bytes) -> None:
        self.send(self.authority.reply(query))

    def answer_another_question(self, query: bytes) -> None:
        """The nonce of somebody else: an old answer, played again."""
        builder = TimestampRequestBuilder().data(b"other").hash_algorithm(HashAlgorithm.SHA256)
        self.send(self.authority.reply(builder.build().as_bytes()))

    def answer_with_a_page(self, query: bytes) -> None:
        self.send(b"<!doctype html><h1>Welcome</h1>", "text/html")

    def answer_with_a_page_in_disguise(self, query: bytes) -> None:
        self.send(b"<!doctype html><h1>Welcome</h1>")

    def answer_no(self, query: bytes) -> None:
        self.send(bytes.fromhex("3009300702010230020600"))

    def answer_nothing(self, query: bytes) -> None:
        self.send(b"")

    def answer_with_an_error(self, query: bytes) -> None:
        self.send_error(503)

    def answer_elsewhere(self, query: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()

    def answer_without_end(self, query: bytes) -> None:
        self.send(b"0" * 200_000)

    def answer_by_drops(self, query: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", REPLY)
        self.end_headers()
        while not self.patience.wait(0.05):
            try:
                self.wfile.write(b"0")
                self.wfile.flush()
            except OSError:
                return

    def answer_never(self, query: bytes) -> None:
        self.patience.wait()

    def send(self, body: bytes, kind: str = REPLY) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Quiet."""


@contextmanager
def an_authority(folder: Path, manner: str = "well", *, chain: bool = False) -> Iterator[dict]:
    """Its entry for the settings. `chain`: it sends its issuer too, as openssl likes to."""
    folder = folder / f"authority-{manner}"
    timestamps.make_development(folder)
    if chain:
        settings = folder / "tsa.cnf"
        settings.write_text(settings.read_text() + "certs = ca.pem\n")
    place = type(
        "Place",
        (StandIn,),
        {"authority": Development(folder, 10), "manner": manner, "patience": threading.Event()},
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), place)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield {
            "name": f"stand-in, {manner}",
            "url": f"http://127.0.0.1:{server.server_port}/tsa",
            "roots": str(folder / "ca.pem"),
            "is_qualified": True,
            "place": place,
        }
    finally:
        place.patience.set()
        server.shutdown()
        server.server_close()
        thread.join()
