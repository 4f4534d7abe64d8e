"""Core: tools that know no feature."""

from flask import Flask

from app.core import settings  # noqa: F401 - the roof reads the settings before any floor opens


def init_app(app: Flask) -> None:
    from app.core import (
        alarms,
        assets,
        bell,
        cli,
        db,
        health,
        i18n,
        jobs,
        limits,
        logs,
        metrics,
        relays,
        security,
        storage,
        stream,
        telemetry,
        upkeep,
    )

    logs.init_app(app)
    db.init_app(app)
    telemetry.init_app(app)
    i18n.init_app(app)
    limits.init_app(app)  # before the forms: what is refused counts too
    security.init_app(app)
    bell.init_app(app)
    stream.init_app(app)
    assets.init_app(app)
    relays.init_app(app)
    storage.init_app(app)
    metrics.init_app(app)
    health.init_app(app)
    alarms.init_app(app)
    jobs.init_app(app)
    cli.init_app(app)
    upkeep.init_app(app)
