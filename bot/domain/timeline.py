"""The timeline: an append-only list of what happened, each entry chained to the one before by its hash.

Words (what people wrote, names of alerts) are not in the chain itself but their salted digest is, so that they can be erased
without breaking it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

GENESIS = "0" * 64


class EntryKind(StrEnum):
    """What an entry says happened."""

    DECLARED = "declared"
    ALERT_JOINED = "alert_joined"
    ALERT_RECOVERED = "alert_recovered"
    ALERT_FIRED_AGAIN = "alert_fired_again"
    ALERT_DETACHED = "alert_detached"
    ALERT_DISMISSED = "alert_dismissed"
    MERGED = "merged"
    SILENCED = "silenced"
    SILENCE_ENDED = "silence_ended"
    ACKNOWLEDGED = "acknowledged"
    STATUS_CHANGED = "status_changed"
    UPDATED = "updated"
    SEVERITY_CHANGED = "severity_changed"
    ROLE_ASSIGNED = "role_assigned"
    NOTE = "note"
    MESSAGE = "message"
    MESSAGE_EDITED = "message_edited"
    MESSAGE_DELETED = "message_deleted"
    PINNED = "pinned"
    UNPINNED = "unpinned"
    MEMBER_JOINED = "member_joined"
    MEMBER_LEFT = "member_left"
    CHANNEL_LOST = "channel_lost"
    CHANNEL_RENAMED = "channel_renamed"
    TIME_CORRECTED = "time_corrected"
    TRIAGE_CHANGED = "triage_changed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    PROMISE_WARNED = "promise_warned"
    PROMISE_MISSED = "promise_missed"
    PROMISE_KEPT = "promise_kept"
    CHAIN_STARTED = "chain_started"
    CHAIN_EXHAUSTED = "chain_exhausted"
    CHAIN_ENDED = "chain_ended"
    LEVEL_SKIPPED = "level_skipped"
    PAGE_QUEUED = "page_queued"
    PAGE_SENT = "page_sent"
    PAGE_DELIVERED = "page_delivered"
    PAGE_FAILED = "page_failed"
    PAGE_ANSWERED = "page_answered"
    PAGE_STOPPED = "page_stopped"
    REPLY_REFUSED = "reply_refused"
    DELIVERY_FAILED = "delivery_failed"
    POSTMORTEM_DRAFTED = "postmortem_drafted"
    DENIED = "denied"
    RUNBOOK_SHOWN = "runbook_shown"
    STEP_TICKED = "step_ticked"
    STEP_UNTICKED = "step_unticked"
    FOLLOW_UP_ADDED = "follow_up_added"
    FOLLOW_UP_DONE = "follow_up_done"
    GATE_FROZEN = "gate_frozen"
    GATE_THAWED = "gate_thawed"
    POLICY_CHANGED = "policy_changed"
    PHASE_CHANGED = "phase_changed"
    READY = "ready"
    CONFIRMED = "confirmed"
    OVERRIDDEN = "overridden"
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    PROMISE_EXTENDED = "promise_extended"
    TOLD = "told"
    ESCALATED = "escalated"
    TENANTS_TOLD = "tenants_told"
    TICKET_SENT = "ticket_sent"
    TICKET_LINKED = "ticket_linked"
    REPORTED = "reported"
    MEETING_PLANNED = "meeting_planned"
    MEETING_HELD = "meeting_held"
    MEETING_CANCELLED = "meeting_cancelled"
    POSTMORTEM_WAIVED = "postmortem_waived"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry. ``at`` is when it happened, ``recorded_at`` when we wrote it down; ``facts`` hold no erasable words."""

    id: str
    stream: str
    seq: int
    incident_id: str | None
    at: datetime
    recorded_at: datetime
    kind: EntryKind
    actor_id: str | None
    facts: Mapping[str, Any]
    refers_to: str | None
    digest: str | None
    previous: str
    hash: str
    text: str | None = None

    @property
    def people(self) -> set[str]:
        """The ids of the people whom it names."""
        named = (self.actor_id, self.facts.get("person_id"), self.facts.get("before"))
        return {person_id for person_id in named if person_id is not None}


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first place where a stream does not verify."""

    stream: str
    seq: int
    reason: str


def words_digest(salt: str, text: str) -> str:
    """The digest that stands in the chain for ``text``; without the salt it cannot be guessed back."""
    return hashlib.sha256(f"{salt}\x00{text}".encode()).hexdigest()


def entry_hash(previous: str, entry: TimelineEntry) -> str:
    """SHA-256 over the previous hash and the entry's fields in canonical JSON (sorted keys, no spaces, UTC ISO times)."""
    body = {
        "actor_id": entry.actor_id,
        "at": entry.at.isoformat(),
        "digest": entry.digest,
        "facts": dict(entry.facts),
        "id": entry.id,
        "incident_id": entry.incident_id,
        "kind": entry.kind.value,
        "recorded_at": entry.recorded_at.isoformat(),
        "refers_to": entry.refers_to,
        "seq": entry.seq,
        "stream": entry.stream,
    }
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}{canonical}".encode()).hexdigest()


def find_flaw(stream: str, entries: Iterable[TimelineEntry], seq: int, head: str) -> Flaw | None:
    """The first flaw of a stream whose head is said to be (``seq``, ``head``); None when all of it verifies.

    ``entries`` come in the order of ``seq``. A row that was changed, removed, moved or added is found, and so is a cut tail.
    """
    previous, expected = GENESIS, 1
    for entry in entries:
        if entry.seq != expected:
            return Flaw(stream, expected, f"entry {expected} is missing")
        if entry.previous != previous or entry_hash(previous, entry) != entry.hash:
            return Flaw(stream, entry.seq, f"entry {entry.seq} was changed")
        previous, expected = entry.hash, expected + 1
    if (expected - 1, previous) != (seq, head):
        return Flaw(stream, expected, f"the tail from entry {expected} on is missing or was changed")
    return None
