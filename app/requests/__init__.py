"""Requests: what a clerk asks of a citizen during a visit, one at a time, and what they answer."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.requests import models  # noqa: F401
