"""Demo: an invented province, the telephone where its messages arrive, and doors to every role."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.demo import cli

    app.cli.add_command(cli.commands)
    if app.config["DEMO"]:
        from app.demo import identities, views

        identities.init_app(app)
        app.register_blueprint(views.bp)
    app.context_processor(lambda: {"demo": bool(app.config["DEMO"])})
