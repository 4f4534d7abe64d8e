"""Portal: the citizen's side — home, procedures, the one link of a visit, the waiting room."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.portal import views

    app.register_blueprint(views.start_bp)
    app.register_blueprint(views.bp)
