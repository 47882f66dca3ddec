"""The timeline as sentences."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.timeline import EntryKind, TimelineEntry
from bot.messages.sentences import sentence

from .rows import after, entry, situation

DUE = after(15).isoformat()
PAGE: dict[str, Any] = {"person_id": "tim", "road": "sms", "level": 1, "ring": 2, "round": 1, "code": 7}
CASES = [
    (
        entry(EntryKind.DECLARED, text="Checkout", severity="P0"),
        "An alert declared the incident as P0: Checkout",
    ),
    (entry(EntryKind.DECLARED, actor_id="ana", severity="P0"), "Ana declared the incident as P0"),
    (entry(EntryKind.ALERT_JOINED, text="Up", source="prom"), "Alert joined: Up (from prom)"),
    (entry(EntryKind.ALERT_RECOVERED, fingerprint="f1"), "Alert recovered: f1"),
    (entry(EntryKind.ALERT_FIRED_AGAIN, text="Up", count=3), "Alert fired again, said 3 times: Up"),
    (entry(EntryKind.ACKNOWLEDGED, actor_id="ana", road="SMS"), "Ana acknowledged by SMS"),
    (
        entry(EntryKind.STATUS_CHANGED, actor_id="ana", old="Investigating", new="Mitigating"),
        "Ana changed the status from Investigating to Mitigating",
    ),
    (
        entry(EntryKind.SEVERITY_CHANGED, actor_id="ana", old="P1", new="P0", text="EU too"),
        "Ana changed the severity from P1 to P0: EU too",
    ),
    (
        entry(EntryKind.SEVERITY_CHANGED, old="P1", new="P0", provisional=True, text="errors and metrics"),
        "Muster changed the severity from P1 to P0, provisionally: errors and metrics",
    ),
    (entry(EntryKind.SEVERITY_CHANGED, actor_id="ana", old="P0", new="P0"), "Ana confirmed the severity P0"),
    (
        entry(EntryKind.UPDATED, actor_id="ana", status="Mitigating", text="a"),
        "Ana posted an update (Mitigating): a",
    ),
    (entry(EntryKind.UPDATED, actor_id="ana", digest="d"), "Ana posted an update: (words erased)"),
    (
        entry(EntryKind.ROLE_ASSIGNED, actor_id="ana", role="commander", person_id="ben"),
        "Ana made Ben the commander",
    ),
    (entry(EntryKind.ROLE_ASSIGNED, actor_id="ana", role="commander", person_id="ana"), "Ana took the role of commander"),
    (entry(EntryKind.NOTE, actor_id="ana", text="n"), "Ana noted: n"),
    (entry(EntryKind.NOTE, actor_id="tim", what="opted out of texts"), "Tim noted: opted out of texts"),
    (entry(EntryKind.MESSAGE, actor_id="stranger", text="m"), "somebody wrote: m"),
    (entry(EntryKind.MESSAGE_EDITED, actor_id="ana", text="m"), "Ana edited a message: m"),
    (entry(EntryKind.MESSAGE_DELETED, actor_id="ana"), "Ana deleted a message"),
    (entry(EntryKind.RESOLVED, actor_id="ana"), "Ana resolved the incident"),
    (entry(EntryKind.REOPENED, actor_id="ana", text="back"), "Ana reopened the incident: back"),
    (
        entry(EntryKind.PROMISE_WARNED, 12, clock="update", due_at=DUE, late_seconds=0),
        "Warning: a status update is owed, due 14:20 PT / 22:20 UTC",
    ),
    (
        entry(EntryKind.PROMISE_MISSED, 15, clock="mitigate", due_at=DUE, late_seconds=90),
        "Promise missed: a first mitigation, due 14:20 PT / 22:20 UTC (noticed 1 min 30 s after it)",
    ),
    (
        entry(EntryKind.PROMISE_KEPT, 16, clock="acknowledge", due_at=DUE, late_seconds=60),
        "Promise kept 1 min late: an acknowledgement, due 14:20 PT / 22:20 UTC",
    ),
    (entry(EntryKind.CHAIN_STARTED, clock="update"), "The ringing for a status update began"),
    (
        entry(EntryKind.CHAIN_EXHAUSTED, clock="update", round=2),
        "Nobody answered in round 2: the whole chain was rung and begins again",
    ),
    (
        entry(EntryKind.CHAIN_ENDED, clock="acknowledge", reason="acknowledged by SMS", stopped=1),
        "The ringing for an acknowledgement ended: acknowledged by SMS; 1 pending page stopped",
    ),
    (
        entry(EntryKind.LEVEL_SKIPPED, level=0, why="nobody is in it"),
        "The owner of the chain was passed over: nobody is in it",
    ),
    (entry(EntryKind.PAGE_QUEUED, **PAGE), "SMS #7 to Tim is to be sent (level 1, ring 2)"),
    (entry(EntryKind.PAGE_SENT, **PAGE), "SMS #7 to Tim was sent (level 1, ring 2)"),
    (entry(EntryKind.PAGE_DELIVERED, person_id="tim", road="sms"), "SMS to Tim was delivered"),
    (
        entry(EntryKind.PAGE_FAILED, error="30006", **PAGE),
        "SMS #7 to Tim did not arrive (level 1, ring 2): 30006",
    ),
    (entry(EntryKind.PAGE_STOPPED, person_id="tim", road="sms"), "SMS to Tim was stopped"),
    (entry(EntryKind.PAGE_ANSWERED, **PAGE), "Tim answered the page #7 by SMS"),
    (entry(EntryKind.PAGE_ANSWERED, asked="escalate", **PAGE), "Tim asked for the next level #7 by SMS"),
    (
        entry(EntryKind.REPLY_REFUSED, why="unknown number"),
        "A reply by an unknown number was refused: unknown number",
    ),
    (
        entry(EntryKind.DELIVERY_FAILED, text="not_in_channel", what="slack.pin"),
        "Could not be delivered: slack.pin: not_in_channel",
    ),
    (entry(EntryKind.POSTMORTEM_DRAFTED), "The postmortem was drafted"),
    (entry(EntryKind.DENIED, actor_id="ben", what="/incident resolve"), "Ben was refused: /incident resolve"),
]


@pytest.mark.parametrize(("made", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_an_entry_reads_as_a_sentence(made: TimelineEntry, expected: str) -> None:
    assert sentence(situation(), made) == expected


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_has_a_sentence_even_without_its_facts(kind: EntryKind) -> None:
    said = sentence(situation(), entry(kind))
    assert said and "None" not in said
