"""Figures for a monitor, in the text format of Prometheus: for this machine, or with the token.

Features add collectors that read the register, so that every process answers the same. What no
table remembers, a "no" that was said, is counted by each process; `gunicorn.conf.py` says where
they put their counts, so that the figures of one machine are those of all its processes.
"""

import hmac
import ipaddress
import os
from collections.abc import Callable, Iterable

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from app.core.errors import Missing
from app.core.security import everyone

bp = Blueprint("metrics", __name__)

refusals = Counter(
    "ventanilla_refusals", "Times that somebody was told no, and why.", ["kind"], registry=None
)


class _Collector:
    """What prometheus-client asks for: an object that collects."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self.collect = read

    def describe(self) -> Iterable[Metric]:
        """Nothing is read while the house is being built."""
        return ()


def init_app(app: Flask) -> None:
    app.extensions["metrics"] = registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
    else:
        registry.register(refusals)
    app.register_blueprint(bp)


def measured_by(app: Flask, read: Callable[[], Iterable[Metric]]) -> None:
    """From now on `/metrics` also shows what this reads."""
    app.extensions["metrics"].register(_Collector(read))


@bp.get("/metrics")
@everyone
def metrics() -> Response:
    """To anybody else this page does not exist."""
    if not (_is_local() or _has_token()):
        raise Missing
    text = generate_latest(current_app.extensions["metrics"])
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _is_local() -> bool:
    """Asked from this machine itself, and not by somebody behind a proxy on it."""
    if current_app.config["TRUSTED_PROXIES"]:
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _has_token() -> bool:
    token = str(current_app.config["METRICS_TOKEN"])
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())
