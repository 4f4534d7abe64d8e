"""What the house writes down about itself: one JSON line an event, no personal data."""

import logging
import sys

import structlog
from flask import Flask


def init_app(app: Flask) -> None:
    renderer = (
        structlog.dev.ConsoleRenderer(colors=False)
        if app.config["DEMO"] or app.config["TESTING"]
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
