"""Timeline entries that only count are one line."""

from __future__ import annotations

from typing import Any

from bot.domain.timeline import EntryKind
from bot.messages.folding import folded, sent_at_once
from bot.messages.sentences import sentence

from .rows import entry, situation

JOINED, RECOVERED = EntryKind.ALERT_JOINED, EntryKind.ALERT_RECOVERED


def test_counts_that_follow_each_other_are_added_up_where_they_began_with_their_sources() -> None:
    storm = [entry(JOINED, minute, text=f"{more} more alerts", more=more, source=source) for minute, more, source in STORM]
    (one,) = folded(storm)
    assert sentence(situation(), one) == "Alert joined: 31 more alerts (from grafana, sentry)"
    assert one.at == storm[0].at


STORM = ((1, 1, "grafana"), (2, 28, "sentry, grafana"), (3, 2, "grafana"))


def test_whatever_stands_between_keeps_its_place_and_other_kinds_are_not_mixed() -> None:
    entries = [
        entry(JOINED, 1, text="Up", source="prom"),
        entry(JOINED, 2, text="1 more alert", more=1, source="prom"),
        entry(EntryKind.NOTE, 3, actor_id="ana", text="n"),
        entry(JOINED, 4, text="1 more alert", more=1, source="prom"),
        entry(RECOVERED, 5, text="2 more alerts", more=2),
        entry(RECOVERED, 6, text="3 more alerts", more=3),
    ]
    assert [sentence(situation(), one) for one in folded(entries)] == [
        "Alert joined: Up (from prom)",
        "Alert joined: 1 more alert (from prom)",
        "Ana noted: n",
        "Alert joined: 1 more alert (from prom)",
        "Alert recovered: 5 more alerts",
    ]


def test_a_page_that_went_out_at_once_is_told_once_with_its_place_and_one_that_waited_twice() -> None:
    page: dict[str, Any] = {"person_id": "tim", "road": "sms", "code": 7}
    entries = [
        entry(EntryKind.PAGE_QUEUED, 1, **page, page_id="p1", level=2, ring=1),
        entry(EntryKind.PAGE_QUEUED, 1, **page, page_id="p2", level=-1, ring=1),
        entry(EntryKind.PAGE_SENT, 1, **page, page_id="p1"),
        entry(EntryKind.PAGE_SENT, 5, **page, page_id="p2"),
        entry(EntryKind.PAGE_SENT, 6, **page, page_id="p3"),
    ]
    assert [sentence(situation(), one) for one in sent_at_once(entries)] == [
        "SMS #7 to Tim is to be sent (beside the chain)",
        "SMS #7 to Tim was sent (level 2)",
        "SMS #7 to Tim was sent",
        "SMS #7 to Tim was sent",
    ]
