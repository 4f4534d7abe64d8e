"""The title of a page whose form came back begins with the error: it is read aloud first."""

from flask import Flask
from flask_babel import gettext as _
from jinja2 import pass_context
from jinja2.runtime import Context
from wtforms import Form


def init_app(app: Flask) -> None:
    app.add_template_global(titled)


@pass_context
def titled(context: Context, title: str) -> str:
    """The page's own title, after the error if a form that it shows has one."""
    title, error = title.strip(), _("Error:")
    forms = [one for one in context.get_all().values() if isinstance(one, Form)]
    is_wrong = any(form.errors for form in forms) and not title.startswith(error)
    return f"{error} {title}" if is_wrong else title
