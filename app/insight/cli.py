"""`flask insight …`: a machine that listens, to try webhooks with."""

import hmac
from http.server import BaseHTTPRequestHandler, HTTPServer

import click
from flask.cli import AppGroup

from app.insight.services.webhooks import signed

commands = AppGroup("insight", help="Figures, and news for other machines.")
MOST = 1024 * 1024


@commands.command("listen")
@click.option("--port", type=int, default=8189, show_default=True)
@click.option("--secret", prompt=True, hide_input=True, help="What the webhook was given.")
@click.option("--count", type=int, default=0, help="Stop after so many. 0: never.")
def listen(port: int, secret: str, count: int) -> None:
    """Listen on this machine, check each signature, and print what arrives."""
    seen: set[str] = set()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length", 0)), MOST)
            body, name = self.rfile.read(length), self.headers.get("Ventanilla-Id", "")
            wanted = signed(secret, self.headers.get("Ventanilla-Time", ""), name, body)
            is_right = hmac.compare_digest(wanted, self.headers.get("Ventanilla-Signature", ""))
            self.send_response(204 if is_right else 401)
            self.end_headers()
            what = "again" if name in seen else "right" if is_right else "wrong signature"
            seen.add(name)
            click.echo(f"{what}: {body.decode(errors='replace')}")

        def log_message(self, *args: object) -> None:
            """What arrives is printed; nothing else."""

    server = HTTPServer(("127.0.0.1", port), Listener)
    click.echo(f"Listening at http://127.0.0.1:{port}/")
    try:
        for _number in range(count) if count else iter(int, 1):
            server.handle_request()
    finally:
        server.server_close()
