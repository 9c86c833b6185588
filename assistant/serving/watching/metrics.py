"""What is counted and timed, as Prometheus reads it; every application has a registry of its own.

What is not here: who watches the requests (`observing.py`), the route that gives the numbers out (`server.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from assistant.errors import AssistantError
from assistant.serving.watching.finished import outcome
from assistant.store.snapshot import Version
from assistant.types import Answer, Reason

Cause = Literal["rate", "queue", "size", "auth", "scope", "timeout"]
"""Why a request was turned away."""

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The numbers of one application.

    Args:
        published: Gives the published version; asked whenever the numbers are read.
        waiting: Gives the number of questions that wait for their turn.
    """

    def __init__(self, published: Callable[[], Version], waiting: Callable[[], int] | None = None) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "assistant_requests",
            "Requests by the template of their route",
            ("route", "method", "status"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "assistant_request_seconds",
            "Seconds from a request to the last byte of its response",
            ("route", "method"),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._answers = Counter(
            "assistant_answers", "Answers by outcome: answered, or why not", ("outcome", "mode"), registry=registry
        )
        self._answer_seconds = Histogram(
            "assistant_answer_seconds",
            "Seconds that an answer spent in each stage",
            ("stage",),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._wait_seconds = Histogram(
            "assistant_wait_seconds",
            "Seconds that a question waited for its turn",
            registry=registry,
            buckets=_BUCKETS,
        )
        self._refused = Counter("assistant_refused", "Requests turned away, by cause", ("cause",), registry=registry)
        self._feedback = Counter("assistant_feedback", "Words of readers on answers", ("verdict",), registry=registry)
        gauge = Gauge("assistant_waiting", "Questions that wait for their turn now", registry=registry)
        gauge.set_function(waiting or (lambda: 0))
        begun = time.monotonic()
        uptime = Gauge("assistant_uptime_seconds", "Seconds since the server began", registry=registry)
        uptime.set_function(lambda: time.monotonic() - begun)
        ProcessCollector(registry=registry)  # memory, processor time, open files
        self._index = CollectorRegistry()  # apart, since not everybody who reads the rest may know how much there is
        self._index.register(_Published(published))
        self._show_zeros()

    def answered(self, answer: Answer) -> None:
        """Counts an answer and where its time went."""
        self._answers.labels(outcome(answer), answer.mode).inc()
        self._answer_seconds.labels("retrieve").observe(answer.seconds.retrieve)
        self._answer_seconds.labels("compose").observe(answer.seconds.compose)

    def waited(self, seconds: float) -> None:
        """Notes how long a question waited for its turn."""
        self._wait_seconds.observe(seconds)

    def refused(self, cause: Cause) -> None:
        """Counts a request that was turned away."""
        self._refused.labels(cause).inc()

    def feedback(self, verdict: Literal["up", "down"]) -> None:
        """Counts a reader's word on an answer."""
        self._feedback.labels(verdict).inc()

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Counts and times a request; `route` is a template, never a path."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route, method).observe(seconds)

    def text(self, accept: str = "", *, index: bool = True) -> tuple[bytes, str]:
        """The numbers and their content type: OpenMetrics where `accept` (the header) asks for it.

        Args:
            index: Whether those of the index are among them; they count every document, whoever may see it.
        """
        encode, content_type = choose_encoder(accept)
        if not index:
            return encode(self._registry), content_type
        both = CollectorRegistry()
        for part in (self._registry, self._index):
            both.register(part)
        return encode(both), content_type

    def _show_zeros(self) -> None:
        """A series that begins at its first event hides that event from `rate()`."""
        for reason in ("answered", *Reason):
            self._answers.labels(str(reason), "extractive")
        for cause in get_args(Cause):
            self._refused.labels(cause)
        for verdict in ("up", "down"):
            self._feedback.labels(verdict)
        for stage in ("retrieve", "compose"):
            self._answer_seconds.labels(stage)


class _Published(Collector):
    """The published version, asked for at every reading. Without one the other numbers are given all the same."""

    def __init__(self, published: Callable[[], Version]) -> None:
        self._published = published

    def describe(self) -> Iterable[Metric]:
        """Nothing: the index must not be opened to register this."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """What is published now."""
        there = GaugeMetricFamily("assistant_index_available", "1 where an index is published and can be read, else 0")
        try:
            version = self._published()
        except AssistantError:
            there.add_metric((), 0)
            yield there
            return
        there.add_metric((), 1)
        yield there
        yield GaugeMetricFamily("assistant_documents", "Documents that are published", value=version.documents)
        yield GaugeMetricFamily("assistant_chunks", "Chunks that are published", value=version.chunks)
        yield InfoMetricFamily("assistant_index", "The published version", value={"version": version.name})
