"""Devices: whether somebody's camera, microphone, loudspeaker and line serve for a video call."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.devices import models, views, words  # noqa: F401

    words.init_app(app)
    app.register_blueprint(views.bp)
