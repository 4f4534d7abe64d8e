"""Schedule: who works when, what is taken, what is free and who could take it."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.schedule import models  # noqa: F401
