"""Guides: a page or a procedure told in sign language or aloud, where the town has recorded it."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.guides import backoffice, models, queries, views, words  # noqa: F401

    app.add_template_global(queries.guides_for, "guides_for")
    app.add_template_global(words.kind_name, "guide_kind_name")
    app.add_template_global(words.about_name, "guide_about_name")
    app.add_template_global(words.invitation, "guide_invitation")
    app.register_blueprint(views.bp)
    app.register_blueprint(views.files_bp)
    app.register_blueprint(backoffice.bp)
