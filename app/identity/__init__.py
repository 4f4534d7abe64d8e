"""Identity: who somebody is and how we know — SMS codes, passkeys, sessions, `requires(...)`."""

from flask import Flask

from app.core.security import everyone
from app.identity.session import current_account, requires

__all__ = ["current_account", "everyone", "init_app", "requires"]


def init_app(app: Flask) -> None:
    from app.identity import backoffice, cli, handlers, jobs, models, session, views  # noqa: F401

    session.init_app(app)
    for door in (views.bp, views.me_bp, views.kiosk_bp, backoffice.bp):
        app.register_blueprint(door)
    app.cli.add_command(cli.commands)
