"""How a channel is called on screens."""

from flask import Flask
from flask_babel import gettext as _

from app.towns import queries
from app.towns.models import Channel


def init_app(app: Flask) -> None:
    app.add_template_global(channel_name)
    app.add_template_global(queries.address_of)


def channel_name(channel: str) -> str:
    return {
        Channel.VIDEO.value: _("By video call"),
        Channel.PHONE.value: _("By telephone"),
        Channel.IN_PERSON.value: _("At the town hall"),
    }[channel]
