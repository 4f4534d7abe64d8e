"""Towns: the town halls that share this installation, their offices, procedures and closures."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.towns import models, tenancy, words  # noqa: F401

    tenancy.init_app(app)
    words.init_app(app)
