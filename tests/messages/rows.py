"""Rows as plain values, for words to be made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.domain.alert import AlertRow, AlertStatus, Disposition
from bot.domain.incidents import Channel, Incident, Purpose
from bot.domain.pages import Page, PageState
from bot.domain.policy import Policy, Zone
from bot.domain.severity import ClockName, Severity
from bot.domain.situation import Situation
from bot.domain.status import Status
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.domain.timers import Promise

ZONES = (Zone(zone="America/Los_Angeles", label="PT"), Zone(zone="UTC", label="UTC"))
OPENED = datetime(2026, 11, 20, 22, 5, tzinfo=UTC)
NASTY = "<!channel> <@U0TIM> <!subteam^S1> <https://evil.example|https://bank.example> <#C01|x> \u202e&amp; *b*"
P0 = Severity(label="P0", rank=0, pages=True, clocks={ClockName.UPDATE: {"breach": "15m"}})
NAMES = {"ana": "Ana", "tim": "Tim", "ben": "Ben"}


def after(minutes: float) -> datetime:
    """That many minutes after the opening."""
    return OPENED + timedelta(minutes=minutes)


def incident(**changes: Any) -> Incident:
    """INC-42, owned by Ana, not acknowledged, its next update due in a quarter of an hour."""
    values: dict[str, Any] = {
        "id": "i42", "organisation": "acme", "branch": "main", "number": 42,
        "title": "Checkout returns 500 for card payments", "severity": "P0", "status": Status.INVESTIGATING,
        "impact": "all customers paying by card, EU and US", "started_at": OPENED, "opened_at": OPENED,
        "declared_by": None, "owner_id": "ana", "acknowledged_at": None, "acknowledged_by": None,
        "acknowledged_via": None, "mitigated_at": None, "resolved_at": None, "resolved_by": None,
        "next_update_at": after(15), "policy_digest": "d", "token": "t",
        "correlation_key": None, "link": None, "private": False, "ended_at": None, "triage": {}, "version": 1,
    }  # fmt: skip
    return Incident(**values | changes)


def situation(*, now: datetime = OPENED, limits: tuple[str, ...] = (), **changes: Any) -> Situation:
    """The situation of ``incident(**changes)``; fields of the situation may be among the changes."""
    own = {name: changes.pop(name) for name in ("zones", "alerts", "promises", "pages", "roles", "counted") if name in changes}
    channel = Channel("c", "i42", Purpose.INCIDENT, "inc-42", "C0LIVE", "1.1", None, None, None, True)
    plain = Situation(incident(**changes), P0, ZONES, NAMES, {}, (), channel, (), (), now, limits)
    return replace(plain, **own)


def alert(**changes: Any) -> AlertRow:
    """An alert that fires."""
    values: dict[str, Any] = {
        "id": "a1", "source": "prometheus", "fingerprint": "f1", "starts_at": after(-2),
        "status": AlertStatus.FIRING, "title": "CheckoutErrors", "labels": {}, "annotations": {},
        "url": "https://prometheus.example.com/graph?g0.expr=up", "count": 2, "first_received_at": OPENED,
        "last_received_at": OPENED, "resolved_at": None, "disposition": Disposition.DECLARED, "reason": "",
        "incident_id": "i42",
    }  # fmt: skip
    return AlertRow(**values | changes)


def promise(clock: ClockName = ClockName.UPDATE, **changes: Any) -> Promise:
    """An open promise that is due a quarter of an hour after the opening."""
    values: dict[str, Any] = {
        "id": f"p-{clock}", "incident_id": "i42", "clock": clock, "cycle": 1, "started_at": OPENED,
        "due_at": after(15), "kept_at": None, "missed_at": None, "withdrawn_at": None,
    }  # fmt: skip
    return Promise(**values | changes)


def page(person_id: str = "tim", **changes: Any) -> Page:
    """A page that was delivered and not answered."""
    values: dict[str, Any] = {
        "id": f"g-{person_id}", "incident_id": "i42", "escalation_id": "e", "person_id": person_id,
        "road": "sms", "address": "+14155550101", "code": 7, "level": 1, "ring": 1, "round": 1,
        "state": PageState.DELIVERED,
        "provider_id": "SM1", "error_code": None, "queued_at": OPENED, "sent_at": OPENED,
        "delivered_at": OPENED, "ended_at": None,
    }  # fmt: skip
    return Page(**values | changes)


def entry(kind: EntryKind, minutes: float = 0, *, text: str | None = None, **changes: Any) -> TimelineEntry:
    """An entry that many minutes after the opening; what is no field of it is a fact."""
    own = {name: changes.pop(name, None) for name in ("actor_id", "refers_to")}
    id_ = changes.pop("id", f"{kind}-{minutes}")
    at = after(minutes)
    digest = "d" if text is not None else None
    rest = {"digest": changes.pop("digest", digest), "previous": "", "hash": "", "text": text}
    return TimelineEntry(id_, "i42", 1, "i42", at, at, kind, facts=changes, **own, **rest)


def policy(**changes: Any) -> Policy:
    """A small policy of two severities."""
    severities = [
        {"label": "P0", "rank": 0, "meaning": "Users cannot pay", "aliases": ["sev0"]},
        {"label": "P1", "rank": 1, "meaning": "x" * 200},
    ]
    return Policy.model_validate({"name": "n", "default_severity": "sev0", "severities": severities} | changes)


def check_words(words: dict[str, Any]) -> None:
    """Fails unless Slack would take the words: the SDK's models, and what they do not look at."""
    assert 0 < len(words["text"]) <= 4000, "chat.update takes no more"
    for block in Block.parse_all(words.get("blocks", [])):
        block.validate_json()
    check_texts(words.get("blocks", []))


def check_view(view: dict[str, Any]) -> None:
    """Fails unless Slack would take the view."""
    View(**view).validate_json()
    check_texts(view["blocks"])
    for block in view["blocks"]:
        if block["type"] == "input":
            assert block["element"]["action_id"]


def check_texts(part: Any) -> None:
    """Fails when a text object is empty or longer than Slack takes."""
    for text in strings(part, only=("text",)):
        assert 0 < len(text) <= 3000


def strings(part: Any, *, only: tuple[str, ...] = ()) -> list[str]:
    """All strings inside a payload; with ``only`` those under these keys."""
    if isinstance(part, dict):
        found = [value for key, value in part.items() if isinstance(value, str) and (not only or key in only)]
        return found + [text for value in part.values() if not isinstance(value, str) for text in strings(value, only=only)]
    if isinstance(part, (list, tuple)):
        return [text for value in part for text in ([value] if isinstance(value, str) and not only else strings(value, only=only))]
    return []
