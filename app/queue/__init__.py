"""Queue: who is in the waiting room, how long it may take, and who is called next."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.queue import jobs  # noqa: F401
