"""The building: the ground floor first, then every feature, lowest floor first."""

from pathlib import Path
from typing import Any

from flask import Flask

from app import (
    accounts,
    acts,
    archive,
    assurance,
    audit,
    booking,
    calls,
    core,
    demo,
    desk,
    devices,
    guides,
    identity,
    insight,
    kiosks,
    messaging,
    office,
    papers,
    portal,
    privacy,
    queue,
    recordings,
    requests,
    schedule,
    survey,
    towns,
    ui,
)

ROOT = Path(__file__).resolve().parent.parent

FLOORS = (
    core,
    ui,
    towns,
    accounts,
    messaging,
    identity,
    archive,
    schedule,
    guides,
    booking,
    audit,
    queue,
    devices,
    survey,
    assurance,
    papers,
    requests,
    calls,
    recordings,
    acts,
    kiosks,
    insight,
    privacy,
    portal,
    desk,
    office,
    demo,
)


def create_app(**overrides: Any) -> Flask:
    """The application, with settings from the installation's folder, then from overrides."""
    app = Flask(
        __name__,
        instance_path=str(core.settings.instance_folder(ROOT, overrides)),
        static_folder=None,
    )
    core.settings.load(app, ROOT, overrides)
    for floor in FLOORS:
        floor.init_app(app)
    return app
