"""The part of `telemetry` that needs OpenTelemetry itself; imported only where it is wanted."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask
from opentelemetry import propagate
from opentelemetry.context import Context, get_current
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.status import Status

from app.core import telemetry
from app.core.db import db


class Beginnings(Sampler):
    """A part of the requests and errands. Whoever only looks for news begins nothing."""

    def __init__(self, part: float) -> None:
        self.part = TraceIdRatioBased(part)

    def should_sample(
        self,
        parent_context: Any,
        trace_id: int,
        name: str,
        kind: Any = None,
        *more: Any,
        **other: Any,
    ) -> SamplingResult:
        if kind is SpanKind.CLIENT:
            return SamplingResult(Decision.DROP)
        return self.part.should_sample(parent_context, trace_id, name)

    def get_description(self) -> str:
        return "requests and errands"


class Strangers(TextMapPropagator):
    """What they say of themselves in their requests is neither read nor handed on."""

    def extract(self, carrier: Any, context: Context | None = None, getter: Any = None) -> Context:
        return get_current() if context is None else context

    def inject(self, carrier: Any, context: Context | None = None, setter: Any = None) -> None:
        """Nothing."""

    @property
    def fields(self) -> set[str]:
        return set()


class Discreet(SpanExporter):
    """Hands on what may be told of each span."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self.exporter.export([_told(span) for span in spans])

    def shutdown(self) -> None:
        self.exporter.shutdown()


def _told(span: ReadableSpan) -> ReadableSpan:
    attributes = telemetry.allowed(span.attributes)
    is_request = span.kind is SpanKind.SERVER
    mistakes = telemetry.kinds_of_mistakes(span.events)
    return ReadableSpan(
        name=telemetry.discreet(span.name, attributes, is_request=is_request),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        events=[Event("exception", kinds, span.end_time) for kinds in mistakes],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


class Telling:
    """What one process tells."""

    def __init__(self, app: Flask) -> None:
        config = app.config
        self.app = app
        self.exporter = OTLPSpanExporter(
            endpoint=f"{str(config['TELEMETRY_URL']).rstrip('/')}/v1/traces",
            headers=dict(config["TELEMETRY_HEADERS"]),
            timeout=telemetry.PATIENCE_SECONDS,
        )
        self.provider = TracerProvider(
            sampler=ParentBased(Beginnings(float(config["TELEMETRY_PART"]))),
            resource=Resource({"service.name": telemetry.NAME}),
            shutdown_on_exit=True,
        )
        self.provider.add_span_processor(BatchSpanProcessor(Discreet(self.exporter)))
        self.tracer = self.provider.get_tracer(telemetry.NAME)
        with app.app_context():
            self.engines = list(db.engines.values())

    def begin(self) -> None:
        propagate.set_global_textmap(Strangers())
        FlaskInstrumentor().instrument_app(
            self.app, tracer_provider=self.provider, excluded_urls=telemetry.NOT_TOLD
        )
        for engine in self.engines:
            sa.event.listen(engine, "before_cursor_execute", self._asks)
            sa.event.listen(engine, "after_cursor_execute", self._was_told)
            sa.event.listen(engine, "handle_error", self._was_refused)
        RedisInstrumentor().instrument(tracer_provider=self.provider)

    # The published instrumentation knows SQLAlchemy up to 2.0.

    def _asks(
        self, connection: Any, cursor: Any, statement: str, given: Any, context: Any, many: bool
    ) -> None:
        span = self.tracer.start_span(statement.lstrip().partition(" ")[0], kind=SpanKind.CLIENT)
        span.set_attribute("db.system.name", connection.dialect.name)
        context.telemetry_span = span

    def _was_told(
        self, connection: Any, cursor: Any, statement: str, given: Any, context: Any, many: bool
    ) -> None:
        context.telemetry_span.end()

    def _was_refused(self, trouble: Any) -> None:
        if span := getattr(trouble.execution_context, "telemetry_span", None):
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(trouble.original_exception).__name__)
            span.end()

    def close(self) -> None:
        FlaskInstrumentor().uninstrument_app(self.app)
        for engine in self.engines:
            sa.event.remove(engine, "before_cursor_execute", self._asks)
            sa.event.remove(engine, "after_cursor_execute", self._was_told)
            sa.event.remove(engine, "handle_error", self._was_refused)
        RedisInstrumentor().uninstrument()
        self.provider.shutdown()


def begin(app: Flask) -> Telling:
    told = Telling(app)
    told.begin()
    return told
