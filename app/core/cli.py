"""Opening the counter: prepare the installation, then serve it as one tree of processes."""

import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from app.core import keys, relays
from app.core.settings import PREFIX, kept_secrets, use_secrets

commands = AppGroup("core", help="Prepare and open this installation.")


def init_app(app: Flask) -> None:
    app.cli.add_command(commands)


@commands.command("prepare")
def prepare() -> None:
    """Make the folder, its secrets and its register, and bring the register up to date."""
    folder = Path(current_app.instance_path)
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "secret_key"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(48))
    use_secrets(current_app.config, kept_secrets(folder))
    keys.wrapping_keys()  # the first one is made, before anybody has something to keep
    upgrade()


@commands.command("rotate-secret")
@click.option(
    "--keep",
    type=click.IntRange(0, 5),
    default=1,
    show_default=True,
    help="Older keys that are still read. 0: everybody signs in again, codes sent are void.",
)
def rotate_secret(keep: int) -> None:
    """Make a new secret key. What the last one signed stays good until it is forgotten."""
    folder = Path(current_app.instance_path)
    known = kept_secrets(folder)
    if not known or current_app.config["SECRET_KEY"] != known[0]:
        raise click.ClickException(
            f"The key in use does not come from {folder / 'secret_key'}. Put a new one in"
            f" {PREFIX}_SECRET_KEY and the last one in {PREFIX}_SECRET_KEY_FALLBACKS."
        )
    new = [secrets.token_urlsafe(48), *known[:keep]]
    draft = folder / ".secret_key.new"
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text("\n".join(new) + "\n")
    os.replace(draft, folder / "secret_key")
    click.echo(f"A new key signs and {len(new) - 1} older are still read. Restart both services.")


@commands.command("serve")
@click.pass_context
def serve(context: click.Context) -> None:
    """Prepare, then run the web server and the job worker until Ctrl-C."""
    context.invoke(prepare)
    refuse_taken_port()
    if current_app.config["DEMO"]:  # by name: this floor knows no feature
        group = current_app.cli.commands["demo"]
        context.invoke(group.commands["load"])  # type: ignore[attr-defined]
    else:  # an empty house has no door: this prints the one by which it is set up
        office = current_app.cli.commands["office"]
        command = office.commands["first-run"]  # type: ignore[attr-defined]
        context.invoke(command, if_empty=True)
    raise SystemExit(Tree().run())


def refuse_taken_port() -> None:
    """Say it before anything is started, in a sentence and not in a trace."""
    host, port = current_app.config["HOST"], int(current_app.config["PORT"])
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else "cannot be used"
            raise click.ClickException(
                f"Port {port} {why}. Choose another, for example: make run PORT={port + 1}"
            ) from error


class Tree:
    """The web server and the job worker: they start together and stop together."""

    def __init__(self) -> None:
        self.stopping = False
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        self.start("web")
        self.start("jobs")
        click.echo(welcome())
        code = self.watch()
        self.end_all()
        return code

    def start(self, name: str) -> None:
        command = {
            "web": [sys.executable, "-m", "gunicorn", "wsgi:app"],
            "jobs": [
                *(sys.executable, "-m", "flask", "--app", "wsgi"),
                *("jobs", "work", "--parent", str(os.getpid())),
            ],
        }[name]
        # Own group: Ctrl-C in the terminal reaches this process alone, which then ends the others.
        self.children[name] = subprocess.Popen(
            command, start_new_session=True, env={**os.environ, **settings_for_children()}
        )

    def watch(self) -> int:
        """A web server that ends takes the house down; a worker that ends is started again."""
        while not self.stopping:
            time.sleep(0.2)
            if (code := self.children["web"].poll()) is not None:
                return code or 1
            if self.children["jobs"].poll() is not None:
                time.sleep(1)
                self.start("jobs")
        return 0

    def stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def end_all(self) -> None:
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        for child in self.children.values():
            try:
                child.wait(timeout=8)
            except subprocess.TimeoutExpired:
                child.kill()
        click.echo("The counter is closed.")


def settings_for_children() -> dict[str, str]:
    """What the web server must know before it loads the application, and whose child it is."""
    names = ("HOST", "PORT", "WORKERS")
    told = {f"{PREFIX}_{name}": str(current_app.config[name]) for name in names}
    return {**told, f"{PREFIX}_PARENT": str(os.getpid())}


def welcome() -> str:
    """The addresses to open, for whoever started it."""
    config = current_app.config
    host = f"{config['DOMAIN']}:{config['PORT']}"
    lines = [f"\n  Ventanilla is open at   http://{host}"]
    if config["DEMO"]:
        lines += [
            f"  The demonstration       http://{host}/demo",
            f"  A town of its own       http://vilaclara.{host}",
        ]
    if not relays.is_there_one(config):
        lines += [
            "  No relay is set: two strict networks may not reach each other by video.",
            "  See deploy/coturn and VENTANILLA_TURN_SERVERS.",
        ]
    return "\n".join([*lines, "  Ctrl-C closes it.\n"])
