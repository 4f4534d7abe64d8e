"""The two pages that need no town hall: the code of a new device, and the telephone to call."""

import html
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STYLE = """
html{font:36px/1.35 "DejaVu Sans",sans-serif;background:#f3f3ee;color:#111}
body{min-height:100vh;margin:0;padding:1.5rem;display:grid;gap:1rem;align-content:center}
h1{margin:0;font-size:1.3rem}p{margin:0}strong{font-size:2.2rem;letter-spacing:.08em}
section{padding-top:.6rem;border-top:3px solid #999}
"""
WAITING = "Ventanilla"


class Pages:
    """One page at a time, on this machine alone."""

    def __init__(self, port: int) -> None:
        self.body = page("", f"<h1>{WAITING}</h1>")
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = pages.body
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def show(self, body: bytes) -> None:
        self.body = body

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def page(title: str, inside: str, refresh: int = 5) -> bytes:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta http-equiv="refresh" content="{refresh}"><style>{STYLE}</style>{inside}</html>'
    ).encode()


def enrolment(code: str, address: str) -> bytes:
    """For whoever installs it, in the languages of those who do."""
    shown, where = html.escape(code), html.escape(address)
    return page(
        "Ventanilla",
        f"<h1 lang=es>Este aparato todavía no es un punto de atención</h1>"
        f"<p lang=es>Escriba este código en la gestión interna del ayuntamiento: {where}</p>"
        f"<p><strong>{shown}</strong></p>"
        f"<section lang=en><p>This device is not a kiosk yet. Type the code at {where}</p>"
        "</section>",
    )


def offline(kept: bytes) -> bytes:
    """What the town wrote for this, else a word in two languages."""
    if kept:
        return kept
    return page(
        "Ventanilla",
        "<h1 lang=es>Ahora no hay línea</h1><p lang=es>Llame al ayuntamiento por teléfono.</p>"
        "<section lang=en><p>There is no line now. Call the town hall by telephone.</p></section>",
    )
