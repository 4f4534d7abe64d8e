"""Identity: who somebody is and how we know — SMS codes, passkeys, sessions, `requires(...)`."""

from flask import Flask

from app.core.security import everyone
from app.identity.session import current_account, requires

__all__ = ["current_account", "everyone", "init_app", "requires"]


def init_app(app: Flask) -> None:
    from app.identity import eid, jobs, models, session, views  # noqa: F401

    session.init_app(app)
    eid.init_app(app)
    app.register_blueprint(views.bp)
