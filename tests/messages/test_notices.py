"""What is said in channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.incidents import Road, Role
from bot.domain.severity import ClockName
from bot.domain.severity import Road as PhoneRoad
from bot.domain.situation import AlertCounts, Situation
from bot.domain.status import Status
from bot.messages import notices, owed, postmortem_notices

from .rows import NASTY, after, alert, check_words, promise, situation, strings

ACKNOWLEDGED: dict[str, Any] = {
    "acknowledged_at": after(2),
    "acknowledged_by": "tim",
    "acknowledged_via": "SMS",
}
Say = Callable[[Situation, str], dict[str, Any]]


def _owing(s: Situation, section: str) -> Situation:
    """The situation with a write-up that is owed, of which that section is empty."""
    return replace(s, promises=(promise(ClockName.POSTMORTEM, due_at=after(1440)),), unwritten=(section,))


ALL: dict[str, Say] = {
    "declared": lambda s, t: notices.declared(s, t),
    "acknowledged": lambda s, t: notices.acknowledged(s, t, Road.SMS),
    "updated": lambda s, t: notices.updated(s, t, t),
    "severity": lambda s, t: notices.severity_changed(s, t, t, t),
    "role": lambda s, t: notices.role_assigned(s, Role.COMMANDER, t, t, f"{t}2"),
    "yours now": lambda s, t: notices.yours_now(s, Role.OWNER, t),
    "known": lambda s, t: notices.triage_changed(s, t, t),
    "paged by hand": lambda s, t: notices.paged_by_hand(s, t, [t]),
    "unanswered": lambda s, t: notices.page_unanswered(s, [t]),
    "answered": lambda s, t: notices.page_answered(s, t, "voice"),
    "you are paged": lambda s, t: notices.you_are_paged(s),
    "paging": lambda s, t: notices.paging(s, [t, t], PhoneRoad.SMS, 2, 1),
    "failed page": lambda s, t: notices.page_failed(s, t, PhoneRoad.SMS, t),
    "skipped": lambda s, t: notices.level_skipped(s, 0, t),
    "exhausted": lambda s, t: notices.chain_exhausted(s, 1, ClockName.ACKNOWLEDGE),
    "warned": lambda s, t: notices.promise_warned(s, promise(), t),
    "missed": lambda s, t: notices.promise_missed(s, promise(), t),
    "write-up missed": lambda s, t: notices.promise_missed(_owing(s, t), promise(ClockName.POSTMORTEM), None),
    "resolved": lambda s, t: notices.resolved(s, t, t),
    "reopened": lambda s, t: notices.reopened(s, t),
    "reopened by itself": lambda s, t: notices.reopened(s, "Muster", t),
    "confirmed": lambda s, t: notices.severity_confirmed(s, t, t),
    "stays": lambda s, t: notices.severity_stays(s, t, t),
    "flood": lambda s, t: notices.alerts_joined(s.incident.reference, 214, alert(title=t, source=t, url=t)),
    "flood recovered": lambda s, t: notices.alerts_recovered(s.incident.reference, 214, 3),
    "joined": lambda s, t: notices.alert_joined(s, alert(title=t, source=t, url=t)),
    "recovered": lambda s, t: notices.alert_recovered(s, alert(title=t, source=t, url=t), 1),
    "fired again": lambda s, t: notices.alert_fired_again(s, alert(title=t, source=t, url=t)),
    "failed step": lambda s, t: notices.delivery_failed(t, t),
    "draft": lambda s, t: postmortem_notices.ready(_owing(s, t), Role.OWNER, "ana", None),
    "draft not owed": lambda s, t: postmortem_notices.ready(s, Role.OWNER, "ana", None),
    "waived": lambda s, t: postmortem_notices.waived(s, t, t),
}


@pytest.mark.parametrize("say", ALL.values(), ids=ALL.keys())
@pytest.mark.parametrize("text", [NASTY, "&" * 12_000, "<" * 40, "x\ny", "\u200b"], ids=["nasty", "&", "<", "lines", "empty"])
def test_no_notice_lets_a_mention_or_a_link_through(say: Say, text: str) -> None:
    words = say(situation(title=text, severity="<!here>", declared_by="ana", owner_id=None), text)
    check_words({**words, "text": words["text"][:4000]})
    assert not [part for part in strings(words) if "<" in part.replace("<#C0LIVE>", "")]
    assert len(words["text"]) <= 8000


def test_an_update_is_quoted_as_it_was_written() -> None:
    words = notices.updated(situation(status=Status.MITIGATING), "Ana", "rolled back\n*1.4.2*")
    first, second = words["blocks"]
    assert first["text"]["text"] == "INC-42 [P0] Mitigating: update by Ana. Next update: 14:20 PT / 22:20 UTC"
    assert second["text"] == {"type": "plain_text", "text": "rolled back\n*1.4.2*", "emoji": False}


def test_an_acknowledgement_says_who_how_and_how_fast() -> None:
    text = notices.acknowledged(situation(**ACKNOWLEDGED), "Tim", Road.SMS)["text"]
    assert text.startswith("INC-42 was acknowledged by Tim by SMS, 2 min after it was opened.")
    assert "Owner: Ana." in text


def test_a_warning_calls_the_owner_and_says_how_much_time_is_left() -> None:
    words = notices.promise_warned(situation(now=after(12)), promise(), "U0ANA")
    assert "<@U0ANA> INC-42 owes a status update by 14:20 PT / 22:20 UTC, in 3 min." in words["text"]
    assert words["blocks"][0]["text"]["type"] == "mrkdwn"


def test_a_missed_promise_says_how_late_it_is() -> None:
    text = notices.promise_missed(situation(now=after(16)), promise(ClockName.MITIGATE), "U0ANA")["text"]
    assert "<@U0ANA> Promise missed: INC-42 owed a first mitigation by 14:20 PT / 22:20 UTC; it is 1 min late." in text


@pytest.mark.parametrize("clock", ClockName)
def test_every_clock_says_what_is_owed_and_what_to_do(clock: ClockName) -> None:
    text = notices.promise_missed(situation(now=after(16)), promise(clock), None)["text"]
    assert owed.OWED[clock] in text and not text.endswith("late.")
    assert clock in owed.KEPT


def test_an_exhausted_chain_is_said_loudly() -> None:
    text = notices.chain_exhausted(situation(), 2, ClockName.UPDATE)["text"]
    assert text.startswith("NOBODY HAS ANSWERED for INC-42 [P0] Checkout") and "for a status update, round 2" in text


def test_paging_names_everybody_and_the_place_in_the_chain() -> None:
    assert notices.paging(situation(), ["Tim", "Ben"], PhoneRoad.SMS, 2, 1)["text"] == ("INC-42: ringing Tim, Ben by SMS (level 2).")
    assert "(the owner, ring 2)" in notices.paging(situation(), ["Ana"], PhoneRoad.SMS, 0, 2)["text"]
    assert "level 2 was passed over at once: nobody is in it." in notices.level_skipped(situation(), 2, "nobody is in it")["text"]


def test_a_recovered_alert_says_how_many_still_fire() -> None:
    assert "1 still firing" in notices.alert_recovered(situation(), alert(), 1)["text"]
    words = notices.alert_recovered(situation(), alert(), 0)
    assert "none is firing any more" in words["text"]
    link = "<https://prometheus.example.com/graph?g0.expr=up|prometheus.example.com>"
    assert words["blocks"][1]["text"]["text"] == f"Seen at {link}"


def test_a_resolution_says_how_long_it_took_with_or_without_words() -> None:
    s = situation(status=Status.RESOLVED, resolved_at=after(95), resolved_by="ana")
    assert notices.resolved(s, "Ana", None)["text"] == "Ana resolved INC-42, 1 h 35 min after it was opened."
    assert notices.resolved(s, "Ana", "baseline")["text"].endswith("\nbaseline")


def test_a_resolution_says_which_alerts_never_recovered() -> None:
    s = situation(status=Status.RESOLVED, resolved_at=after(95), resolved_by="ana", counted=AlertCounts(3, 2, 9))
    assert notices.resolved(s, "Ana", None)["text"].endswith("after it was opened. 1 of its alerts has not recovered.")
    assert "recovered" not in notices.resolved(situation(counted=AlertCounts(3, 3, 9)), "Ana", None)["text"]


def test_a_severity_that_muster_raised_says_that_it_is_provisional_and_who_decides() -> None:
    raised = notices.severity_changed(situation(provisional=True), "Muster", "P1", "errors and metrics monitors report it")["text"]
    assert "That is provisional: /incident severity P0 confirms it" in raised
    assert "provisional" not in notices.severity_changed(situation(), "Ana", "P1", None)["text"]


def test_the_draft_names_who_writes_it_until_when_and_what_is_missing_when_it_is_owed() -> None:
    said = postmortem_notices.ready(_owing(situation(), "Root cause"), Role.COMMANDER, "ben", "U0BEN")["text"]
    assert "<@U0BEN> (commander) writes it. It is due 2026-11-21 14:05 PT / 22:05 UTC. To be filled in: Root cause." in said
    assert "Ana (owner) writes it." in postmortem_notices.ready(_owing(situation(), "x"), Role.OWNER, "ana", None)["text"]
    assert "due" not in postmortem_notices.ready(situation(), Role.OWNER, "ana", "U0ANA")["text"]
