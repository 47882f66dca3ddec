"""Logs and metrics: the one place a provider is named, low enough for everyone to use (W1, W3, W11).

Logs are JSON lines with the request id and the incident; secrets and phone numbers are masked before a line is written. Metrics live in
a registry of their own and are printed by /metrics.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECRET_KEYS = re.compile(r"token|secret|password|authorization|signature|api_?key|cookie", re.IGNORECASE)
_PATTERNS = (
    (re.compile(r"xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+"), "[slack token]"),
    (re.compile(r"\b(?:AC|SK)[0-9a-f]{32}\b"), "[twilio id]"),
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE), r"\1 [secret]"),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s]+(?=@)"), "[credentials]"),
    (re.compile(r"(?<=[?&])(ticket|(?:auth_)?token|secret|password|(?:api_?)?key|sig|signature)=[^&\s\"'<>]+", re.I), r"\1=[secret]"),
    (re.compile(r"(?<=/ack/)[\w.-]+"), "[link]"),
    (re.compile(r"(?<=/alerts/)(?!receipts/)([\w.-]+/)[^\s\"'<>?]+"), r"\1[path]"),
    (re.compile(r"(?<=/heartbeat/)([\w.-]+/)(?!fail\b)[^\s\"'<>?]+"), r"\1[path]"),
    (re.compile(r"(?<=\bauthorization: )[^'\"\r\n]+", re.IGNORECASE), "[secret]"),
    (re.compile(r"\+\d{5,13}(\d{2})\b"), r"+…\1"),
)

registry = CollectorRegistry()
ALERT_BODIES = Counter("muster_alert_bodies_total", "Alert bodies accepted, by source", ["source"], registry=registry)
ALERTS = Counter("muster_alerts_total", "Alerts processed, by source and outcome", ["source", "outcome"], registry=registry)
INTAKE = Gauge("muster_intake_bodies", "Bodies in the intake, by state", ["state"], registry=registry)
OUTBOX = Gauge("muster_outbox_messages", "Messages in the outbox, by state", ["state"], registry=registry)
DEAD_LETTERS = Counter("muster_dead_letters_total", "Messages that were given up, by kind", ["kind"], registry=registry)
SENT = Counter("muster_messages_sent_total", "Messages taken by a provider, by kind", ["kind"], registry=registry)
SEND_ERRORS = Counter("muster_send_errors_total", "Attempts that failed, by kind", ["kind"], registry=registry)
PAGES = Counter("muster_pages_total", "Pages, by road and outcome", ["road", "outcome"], registry=registry)
TIMER_LATENESS = Histogram(
    "muster_timer_lateness_seconds",
    "How late timers fired, by kind",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600),
    registry=registry,
)
OVERDUE_TIMERS = Gauge("muster_overdue_timers", "Timers that should have fired a minute ago", registry=registry)
OPEN_INCIDENTS = Gauge("muster_open_incidents", "Open incidents, by severity", ["severity"], registry=registry)
CLOSED_GATES = Gauge("muster_closed_rate_gates", "Rate gates that are closed", registry=registry)
HTTP_REQUESTS = Counter("muster_http_requests_total", "HTTP requests answered", ["route", "status"], registry=registry)
HTTP_SECONDS = Histogram("muster_http_request_seconds", "Time to answer an HTTP request", ["route"], registry=registry)
REFUSED_REQUESTS = Counter(
    "muster_refused_requests_total", "Requests refused at the door, by peer and reason", ["peer", "reason"], registry=registry
)

SOCKET_LINKS = Gauge("muster_socket_links", "Open websockets to Slack", registry=registry)
SOCKET_ENDS = Counter("muster_socket_ends_total", "Websockets to Slack that ended, by reason", ["reason"], registry=registry)
SOCKET_ENVELOPES = Counter("muster_socket_envelopes_total", "Envelopes from Slack, by outcome", ["outcome"], registry=registry)
INBOUND_PROBES = Counter("muster_inbound_probes_total", "Probes of the way in from Slack, by outcome", ["outcome"], registry=registry)
INBOUND_ALIVE = Gauge("muster_inbound_alive", "Whether Slack reaches us: 0 after a probe that did not come back", registry=registry)
INBOUND_ALIVE.set(1)


def mask(text: str) -> str:
    """The text without secrets, and with phone numbers cut to their last two digits."""
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text


def _mask_value(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return "[secret]" if _SECRET_KEYS.search(key) and value else mask(value)
    if isinstance(value, Mapping):
        return {inner: _mask_value(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_value(key, item) for item in value]
    return value if isinstance(value, bool | int | float) or value is None else mask(str(value))


def _mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        event[key] = _mask_value(key, value)
    return event


def _add_request_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if (request_id := _request_id.get()) is not None:
        event.setdefault("request_id", request_id)
    return event


def configure(level: str, style: str) -> None:
    """Sends every log, also of libraries, to standard error: ``json`` lines, or ``console`` for people."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
    ]
    last: Any = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _mask_event,
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("apscheduler", "slack_bolt", "slack_sdk", "alembic", "twilio", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def logger() -> structlog.stdlib.BoundLogger:
    """The program's logger."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("muster")
    return bound


def current_request_id() -> str | None:
    """The id of the request that is being worked on, from the edge through the rows to the send (W3)."""
    return _request_id.get()


def work_on(request_id: str) -> None:
    """Has every log line of this task, from here to its end, carry the request id."""
    _request_id.set(request_id)


@contextmanager
def working_on(request_id: str | None, incident_id: str | None = None) -> Iterator[None]:
    """Has every log line within carry the request id and the incident."""
    reset = _request_id.set(request_id)
    bound = {} if incident_id is None else {"incident_id": incident_id}
    with structlog.contextvars.bound_contextvars(**bound):
        try:
            yield
        finally:
            _request_id.reset(reset)


def render_metrics() -> bytes:
    """The metrics in Prometheus's text format."""
    return generate_latest(registry)


def is_request_id(text: str) -> bool:
    """Whether an id that a sender gave its request can be taken over."""
    return _REQUEST_ID.fullmatch(text) is not None


def count_body(source: str) -> None:
    """Counts a body that was accepted."""
    _bodies_of(source).inc()


@cache
def _bodies_of(source: str) -> Counter:
    return ALERT_BODIES.labels(source)


def count_request(route: str, status: int, seconds: float) -> None:
    """Counts an answered HTTP request and how long it took."""
    answered, spans = _requests_of(route, status)
    answered.inc()
    spans.observe(seconds)


@cache
def _requests_of(route: str, status: int) -> tuple[Counter, Histogram]:
    return HTTP_REQUESTS.labels(route, str(status)), HTTP_SECONDS.labels(route)


def observe_timer(kind: str, late_seconds: float) -> None:
    """Counts a fired timer and how late it was."""
    TIMER_LATENESS.labels(kind).observe(late_seconds)


def count_page(road: str, outcome: str) -> None:
    """Counts a page by what became of it."""
    PAGES.labels(road, outcome).inc()


def count_dead_letter(kind: str) -> None:
    """Counts a message that was given up."""
    DEAD_LETTERS.labels(kind).inc()


def count_refused_request(peer: str, reason: str) -> None:
    """Counts a request that was refused at the door."""
    REFUSED_REQUESTS.labels(peer, reason).inc()
