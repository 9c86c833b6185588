"""OpenTelemetry traces: a span for each request, with those of an answer's two stages, sent to a collector over gRPC.

Spans are made of what is known once a request has ended, in a provider of our own, and sent by a thread: a collector
that is down costs a warning. What is not here: who watches the requests (`observing.py`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assistant.serving.watching.finished import CHAT, OTHER, Finished, outcome
from assistant.settings import Settings

if TYPE_CHECKING:  # imported only where traces are wanted
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

_log = logging.getLogger(__name__)
_SECONDS_TO_SEND = 2.0
"""How long a batch may take to be sent, and how long the server waits for the last one at its end."""


def open_traces(settings: Settings) -> Traces | None:
    """Traces to the collector that the settings name; None where they name none."""
    return Traces(settings.traces_url) if settings.traces_url else None


class Traces:
    """Spans of requests, sent to a collector.

    Args:
        url: The collector's OTLP/gRPC address; `https` for an encrypted connection.
    """

    def __init__(self, url: str) -> None:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        # It logs every failed attempt; a failure is told once, by us.
        logging.getLogger("opentelemetry.exporter.otlp.proto.grpc.exporter").setLevel(logging.CRITICAL)
        exporter = OTLPSpanExporter(endpoint=url, insecure=url.startswith("http:"), timeout=_SECONDS_TO_SEND)
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "corpus-assistant"}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(_telling_once(exporter, url), schedule_delay_millis=1_000))
        self._tracer = self._provider.get_tracer("assistant.serving")
        self._callers = TraceContextTextMapPropagator()

    def record(self, request: Finished, headers: Mapping[str, str]) -> None:
        """Makes the spans of a request that has ended.

        Args:
            request: What is known of it.
            headers: Its own, in small letters; a `traceparent` among them is continued.
        """
        from opentelemetry import trace

        caller = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        span = self._tracer.start_span(
            request.method if request.route == OTHER else f"{request.method} {request.route}",
            # An empty context, never the current one: a request without a caller begins a trace.
            self._callers.extract(caller, context=_nowhere()),
            kind=trace.SpanKind.SERVER,
            attributes=_attributes(request, headers),
            start_time=request.begun,
        )
        if request.status >= 500:
            span.set_status(trace.StatusCode.ERROR)
        if request.answer is not None:
            self._record_answer(request, trace.set_span_in_context(span, _nowhere()))
        span.end(end_time=request.ended)

    def close(self) -> None:
        """Sends what is left; gives up after a moment."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(_SECONDS_TO_SEND)

    def _record_answer(self, request: Finished, parent: Context) -> None:
        """The stages of an answer follow each other and end when it is known."""
        if request.answer is None or request.answered is None:
            return
        seconds = request.answer.seconds
        composing = max(request.begun, request.answered - round(seconds.compose * 1e9))
        retrieving = max(request.begun, composing - round(seconds.retrieve * 1e9))
        for name, begun, ended in (("retrieve", retrieving, composing), ("compose", composing, request.answered)):
            self._tracer.start_span(name, parent, start_time=begun).end(end_time=ended)


def _nowhere() -> Context:
    from opentelemetry.context import Context

    return Context()


def _attributes(request: Finished, headers: Mapping[str, str]) -> dict[str, str | int]:
    """By the semantic conventions for HTTP servers; the query is left out, as it may hold a question."""
    attributes: dict[str, str | int] = {
        "http.request.method": request.method,
        "http.response.status_code": request.status,
        "url.scheme": request.scheme,
        "assistant.request_id": request.id,
    }
    if request.route not in (CHAT, OTHER):
        attributes["http.route"] = request.route
    if request.path is not None:
        attributes["url.path"] = request.path
    host, _, port = headers.get("host", "").rpartition(":")
    if host and port.isdecimal():
        attributes |= {"server.address": host, "server.port": int(port)}
    if request.status >= 500:
        attributes["error.type"] = request.error or str(request.status)
    if request.answer is not None:
        attributes |= {
            "assistant.outcome": outcome(request.answer),
            "assistant.mode": request.answer.mode,
            "assistant.index_version": request.answer.index_version,
        }
    return attributes


def _telling_once(exporter: SpanExporter, url: str) -> SpanExporter:
    """`exporter`, whose failures are told once until it succeeds again."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class TellingOnce(SpanExporter):
        """Its calls come from one thread."""

        told = False

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            """Sends spans; those that can't be sent are lost."""
            result = exporter.export(spans)
            if result is SpanExportResult.FAILURE and not self.told:
                _log.warning(
                    "traces can't be sent to %s and are lost until they can; start the collector, or mend or empty "
                    "traces_url (ASSISTANT_TRACES_URL)",
                    url,
                )
            self.told = result is SpanExportResult.FAILURE
            return result

        def shutdown(self) -> None:
            """Closes the connection."""
            exporter.shutdown()

    return TellingOnce()
