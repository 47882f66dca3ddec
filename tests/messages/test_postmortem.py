"""The postmortem: it argues from evidence, and keeps what people write (C6, B8)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import AlertStatus
from bot.domain.follow_ups import FollowUp, FollowUpKind
from bot.domain.incidents import Road, Role
from bot.domain.pages import PageState
from bot.domain.runbooks import RunbookStep
from bot.domain.severity import ClockName, Severity
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.domain.writing import Objective, Section
from bot.messages import markdown
from bot.messages.evidence import Evidence
from bot.messages.postmortem import markdown as draft
from bot.messages.postmortem import merge

from .rows import NASTY, after, alert, entry, page, promise, situation

TITLES = ("What happened", "Root cause", "Preventive actions", "Something of our own")
SECTIONS = tuple(Section(title=title) for title in TITLES)
RESOLVED: dict[str, Any] = {
    "status": Status.RESOLVED, "resolved_at": after(95), "resolved_by": "ana", "next_update_at": None,
    "acknowledged_at": after(6), "acknowledged_by": "ana", "acknowledged_via": "SMS",
    "mitigated_at": after(14),
    "started_at": after(-3),
}  # fmt: skip
ENTRIES = (
    entry(EntryKind.DECLARED, text="Checkout returns 500", severity="P0"),
    entry(EntryKind.ACKNOWLEDGED, 6, actor_id="ana", road=Road.SMS.value),
    entry(EntryKind.MESSAGE, 8, actor_id="tim", text="the deploy of 14:02 is suspect", id="m1"),
    entry(EntryKind.STATUS_CHANGED, 14, actor_id="ana", old="Investigating", new="Mitigating"),
    entry(EntryKind.RESOLVED, 95, actor_id="ana", text="at its baseline"),
)
PROMISES = (
    promise(ClockName.ACKNOWLEDGE, due_at=after(5), missed_at=after(5), kept_at=after(6)),
    promise(ClockName.MITIGATE, due_at=after(15), kept_at=after(14)),
    promise(ClockName.UPDATE, due_at=after(29), missed_at=after(29), withdrawn_at=after(95)),
    promise(ClockName.UPDATE, id="u2", due_at=after(110), withdrawn_at=after(95)),
    promise(ClockName.POSTMORTEM, due_at=after(95 + 24 * 60)),
)


def evidence(**changes: Any) -> Evidence:
    entries = changes.pop("entries", ENTRIES)
    return Evidence(situation(**{**RESOLVED, "promises": PROMISES, **changes}), entries, SECTIONS)


def part(text: str, heading: str) -> str:
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_it_opens_with_title_severity_people_and_times() -> None:
    text = draft(evidence(roles={Role.COMMANDER: "ben"}))
    assert "# Postmortem of INC-42: Checkout returns 500 for card payments\n" in text
    expected = (
        "Severity: P0\n- Status: Resolved\n- Owner: Ana\n- Commander: Ben\n- Declared by: an alert\n"
        "- Started: 2026-11-20 14:02 PT / 22:02 UTC\n- Opened: 2026-11-20 14:05 PT / 22:05 UTC\n"
        "- Resolved: 2026-11-20 15:40 PT / 23:40 UTC by Ana\n"
    )
    assert f"\n- {expected}" in text


def test_durations_are_real_and_counted_from_the_opening() -> None:
    text = part(draft(evidence()), "Durations")
    for row in (
        "| Time to notice | 3 min |",
        "| Time to acknowledge | 6 min |",
        "| Time to mitigate | 14 min |",
        "| Time to resolve | 1 h 35 min |",
    ):
        assert row in text


def test_a_reopening_does_not_change_when_it_was_first_acknowledged_and_mitigated() -> None:
    again = (
        *ENTRIES,
        entry(EntryKind.REOPENED, 100, actor_id="ana"),
        entry(EntryKind.ACKNOWLEDGED, 101, road="Slack"),
    )
    late = {"acknowledged_at": after(101), "mitigated_at": after(110), "resolved_at": after(120)}
    text = part(draft(evidence(entries=again, **late)), "Durations")
    assert "| Time to acknowledge | 6 min |" in text and "| Time to mitigate | 14 min |" in text
    assert "| Time to resolve | 2 h |" in text
    assert "Reopened 1 time; resolving counts to the last resolution." in text


def test_what_never_happened_is_said_so() -> None:
    bare = {"acknowledged_at": None, "mitigated_at": None}
    assert "| Time to acknowledge | never |" in draft(evidence(entries=(), **bare))
    assert "| Time to acknowledge | not yet |" in draft(evidence(entries=(), status=Status.MITIGATING, **bare))


def test_each_promise_is_kept_or_missed_with_its_lateness() -> None:
    text = part(draft(evidence()), "Promises")
    assert "1 kept, 2 missed, 1 open." in text
    rows = [line.split(" | ")[-1].rstrip(" |") for line in text.split("\n") if line.startswith("| A ") or "| An " in line]
    assert rows == [
        "**missed by 1 min**, kept 2026-11-20 14:11 PT / 22:11 UTC",
        "kept 2026-11-20 14:19 PT / 22:19 UTC, 1 min before it was due",
        "**missed by 1 h 6 min**, never kept, no longer owed from 2026-11-20 15:40 PT / 23:40 UTC",
        "no longer owed from 2026-11-20 15:40 PT / 23:40 UTC on",
    ]
    assert "| The write-up | 2026-11-20 14:05 PT / 22:05 UTC | 2026-11-21 15:40 PT / 23:40 UTC | open |" in text


def test_a_missed_promise_that_is_still_open_is_missed() -> None:
    text = draft(evidence(promises=(promise(missed_at=after(15)),)))
    assert "0 kept, 1 missed." in text and "| **missed**, not kept yet |" in text


def test_the_timeline_is_dated_and_in_order_over_several_days() -> None:
    days = (
        entry(EntryKind.NOTE, 24 * 60, actor_id="ana", text="next day"),
        entry(EntryKind.NOTE, 10, actor_id="ana", text="same day"),
        entry(EntryKind.NOTE, 180, actor_id="ana", text="tomorrow in UTC"),
    )
    assert part(draft(evidence(entries=days)), "Timeline").split("<!--")[0].strip().split("\n") == [
        "### 2026-11-20 (PT)",
        "",
        "- 14:15 PT / 22:15 UTC: Ana noted: same day",
        "- 17:05 PT / 2026-11-21 01:05 UTC: Ana noted: tomorrow in UTC",
        "",
        "### 2026-11-21 (PT)",
        "",
        "- 14:05 PT / 22:05 UTC: Ana noted: next day",
    ]


def test_edits_and_deletions_are_followed() -> None:
    changes = (
        entry(EntryKind.MESSAGE_EDITED, 9, actor_id="tim", refers_to="m1", text="the deploy of 14:04 is suspect"),
        entry(EntryKind.MESSAGE, 10, actor_id="tim", text="wrong channel", id="m2"),
        entry(EntryKind.MESSAGE_DELETED, 11, actor_id="tim", refers_to="m2"),
    )
    text = part(draft(evidence(entries=(*ENTRIES, *changes))), "Timeline")
    assert "Tim wrote: the deploy of 14:02 is suspect (edited later)\n" in text
    assert "Tim edited a message: the deploy of 14:04 is suspect\n" in text
    assert "Tim wrote: wrong channel (deleted later)\n" in text
    assert "Tim deleted a message\n" in text


def test_it_says_who_was_paged_by_which_road_and_answered_when() -> None:
    pages = (
        page("tim", state=PageState.STOPPED, ended_at=after(6)),
        page("ana", level=2, state=PageState.ANSWERED, ended_at=after(6), queued_at=after(4)),
        page("ben", level=2, state=PageState.FAILED, error_code="30006", delivered_at=None),
        page("ben", id="g9", ring=2, state=PageState.PENDING, sent_at=None, delivered_at=None),
    )
    asked = entry(EntryKind.PAGE_ANSWERED, 1, page_id="g9", person_id="ben", asked="escalate")
    rows = part(draft(evidence(pages=pages, entries=(asked,))), "Who was paged").split("\n")
    opened = "2026-11-20 14:05 PT / 22:05 UTC"
    assert f"| Tim | SMS | level 1, round 1 | {opened} | no answer (delivered, then stopped) |" in rows
    answered = "answered 2026-11-20 14:11 PT / 22:11 UTC, after 2 min"
    assert f"| Ana | SMS | level 2, round 1 | 2026-11-20 14:09 PT / 22:09 UTC | {answered} |" in rows
    assert f"| Ben | SMS | level 2, round 1 | {opened} | did not arrive (30006) |" in rows
    up = "asked for the next level 2026-11-20 14:06 PT / 22:06 UTC, after 1 min"
    assert f"| Ben | SMS | level 1, ring 2, round 1 | {opened} | {up} |" in rows
    assert "+1415" not in draft(evidence(pages=pages)), "no number stands in a postmortem"


def test_it_lists_the_alerts_with_their_address_and_recovery() -> None:
    alerts = (
        alert(),
        alert(
            id="a2",
            title="Up",
            count=1,
            url="javascript:x",
            status=AlertStatus.RESOLVED,
            resolved_at=after(9),
        ),
    )
    text = part(draft(evidence(alerts=alerts)), "Alerts")
    assert "| CheckoutErrors <https://prometheus.example.com/graph?g0.expr=up> | prometheus |" in text
    assert "| 2 times | not yet |" in text
    assert "| Up | prometheus |" in text and "| 1 time | 2026-11-20 14:14 PT / 22:14 UTC |" in text


def test_an_incident_without_alerts_pages_promises_or_impact_says_so() -> None:
    text = draft(evidence(promises=(), impact=None))
    assert "The severity promised nothing by the clock." in text
    assert "Nobody." in text and "None; it was declared by a person." in text and "Not stated." in text


def test_every_section_of_the_policy_stands_there_with_a_prompt_and_then_the_follow_ups() -> None:
    text = draft(evidence())
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[-5:] == [*TITLES, "Follow-ups"]
    for name in TITLES:
        assert re.match(r"\n_[A-Z].{20,}[.?]_\n", part(text, name) + "\n"), name
    assert "- [ ]" in part(text, "Follow-ups")


def test_the_same_evidence_gives_the_same_draft_whenever_it_is_asked_for() -> None:
    later = replace(evidence(), situation=replace(evidence().situation, now=after(5000)))
    assert draft(evidence()) == draft(later)
    assert "- Drafted: 2026-11-20 16:45 PT" in draft(replace(evidence(), generated_at=after(160)))


ACTIVE = "# h\n- [x](javascript:1) ![b](http://beacon.example) <script>alert(1)</script> | `c` <!-- muster:end timeline -->\n1. one"


def test_text_of_others_is_inert() -> None:
    notes = (entry(EntryKind.NOTE, 1, actor_id="ana", text=ACTIVE),)
    text = draft(evidence(entries=notes, title=NASTY, impact=ACTIVE, alerts=(alert(title=ACTIVE),)))
    assert "<script" not in text and "<!channel" not in text
    assert not re.search(r"(?<!\\)\]\(", text), "no link, no image"
    assert text.count("<!-- muster:end timeline -->") == 1
    assert re.search(r"\\\n  1\\\. one", text)


@given(st.text(max_size=400))
def test_no_text_leaves_its_list_item_or_its_cell(words: str) -> None:
    for line in markdown.lines(words).split("\n")[1:]:
        assert line.startswith("  ") and not re.match(r"\s*([#>|`~=+-]|\d+[.)])", line)
    inline = markdown.inline(words)
    assert "\n" not in inline and "<" not in inline and not re.search(r"(?<!\\)(\\\\)*[|\[*_`]", inline)


def test_a_new_draft_of_the_same_evidence_changes_nothing() -> None:
    first = draft(evidence())
    assert merge(first, first) == first


def test_what_people_wrote_stays_when_the_evidence_grows() -> None:
    first = draft(evidence())
    theirs = first.replace("## Root cause\n", "## Root cause\n\nA *lock* was held.\n").replace("- [ ] ", "- [x] Ana: fix it")
    theirs = "Read this first.\n\n" + theirs + "\n## Our own chapter\n\nThanks to everybody.\n"
    fresh = draft(evidence(entries=(*ENTRIES, entry(EntryKind.NOTE, 99, actor_id="ben", text="one more"))))
    merged = merge(theirs, fresh)
    for kept in (
        "Read this first.",
        "A *lock* was held.",
        "- [x] Ana: fix it",
        "## Our own chapter\n\nThanks to everybody.",
    ):
        assert kept in merged
    assert "Ben noted: one more" in merged and merged.count("## Timeline") == 1
    assert merge(merged, fresh) == merged


def test_what_somebody_wrote_inside_a_generated_part_is_kept_below_it() -> None:
    first = draft(evidence())
    theirs = first.replace("## Impact as last stated\n", "## Impact as last stated\n\nAbout 1 200 customers.\n")
    merged = merge(theirs, first)
    assert "muster:end impact -->\n\n_Changed by hand in the part above, kept:_\n\n> About 1 200 customers.\n" in merged
    assert merge(merged, first) == merged


def test_a_generated_part_that_was_taken_out_comes_back_and_a_section_does_not() -> None:
    first = draft(evidence())
    theirs = re.sub(r"<!-- muster:begin pages .*?muster:end pages -->\n", "", first, flags=re.DOTALL)
    merged = merge(theirs.replace("## Something of our own\n", "## Renamed\n"), first)
    assert merged.count("## Who was paged") == merged.count("## Renamed") == 1
    assert "## Something of our own" not in merged


WORDS = st.text(alphabet="ab \n#->*é<!", max_size=60)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@given(WORDS, WORDS, st.integers(1, 200))
def test_merging_keeps_every_line_outside_the_generated_parts(newline: str, before: str, inside: str, minute: int) -> None:
    first = draft(evidence())
    theirs = f"{before}\n{first}".replace("## Root cause\n", f"## Root cause\n{inside}\n").replace("\n", newline)
    fresh = draft(evidence(entries=(*ENTRIES, entry(EntryKind.NOTE, minute, actor_id="ana", text="new"))))
    merged = merge(theirs, fresh)
    written = {line for line in f"{before}\n{inside}".split("\n") if line}
    assert written <= set(merged.split("\n"))
    assert "Ana noted: new" in merged and merge(merged, fresh) == merged


def test_the_head_says_whether_it_is_required_and_why_and_whose_task_it_is() -> None:
    roles = {Role.COMMANDER: "ben"}
    text = draft(replace(evidence(roles=roles), by=Role.COMMANDER))
    assert "- Required: no, P0 asks for none\n- To be written by: Ben (commander)\n- Due: 2026-11-21 15:40 PT / 23:40 UTC\n" in text
    assert "- To be written by: Ana (owner, for nobody is the commander)\n" in draft(replace(evidence(), by=Role.COMMANDER))
    assert "- Required: yes, P0 asks for it within 72 h of the resolution\n" in draft(asking())


def asking(*entries: Any, **changes: Any) -> Evidence:
    """The evidence under a severity that asks for a postmortem within three days."""
    made, more = (
        evidence(entries=(*ENTRIES, *entries), **changes.pop("incident", {})),
        {"clocks": {ClockName.POSTMORTEM: {"breach": "72h"}}},
    )
    severity = Severity.model_validate({"label": "P0", "rank": 0, **more, **changes})
    return replace(made, situation=replace(made.situation, severity=severity))


@pytest.mark.parametrize(
    ("major", "said"),
    [
        (True, "yes, P0 asks for it within 72 h of the resolution, as it was said to be major"),
        (False, "no, P0 asks for one when it was major, and it was said that this one was not"),
        (None, "no, P0 asks for one when it was major, and nobody has said that this one was"),
    ],
)
def test_where_only_a_major_one_asks_for_it_the_draft_says_which_this_was(major: bool | None, said: str) -> None:
    assert f"- Required: {said}\n" in draft(asking(incident={"major": major}, major_only=True))


def test_a_waiver_stands_in_the_head_until_the_incident_comes_back() -> None:
    waiver = entry(EntryKind.POSTMORTEM_WAIVED, 100, actor_id="ben", text="written with INC-7")
    assert "- Required: no longer, Ben waived it 2026-11-20 15:45 PT / 23:45 UTC: written with INC-7\n" in draft(asking(waiver))
    assert "- Required: yes" in draft(asking(waiver, entry(EntryKind.REOPENED, 120, actor_id="ana")))


def test_an_overridden_verification_stands_above_everything_and_with_what_was_missing() -> None:
    forced = entry(EntryKind.OVERRIDDEN, 95, actor_id="ana", text="a holiday", missing=["the check Checkout is unknown"])
    text = draft(evidence(entries=(*ENTRIES, forced), overridden="a holiday", verified_at=after(130)))
    assert "\n\n> **Resolved without the verification that was asked for**: a holiday\n\n- Severity" in text
    found = part(text, "Verification")
    assert "- **Overridden** by Ana: a holiday (missing: the check Checkout is unknown)\n" in found
    assert "- The watch after the resolution ended quietly 2026-11-20 16:15 PT / 2026-11-21 00:15 UTC.\n" in found
    assert "- Verified: 2026-11-20 16:15 PT" in text and "## Verification" not in draft(evidence())


def test_who_confirmed_what_stands_there() -> None:
    answered = entry(EntryKind.CONFIRMED, 94, actor_id="ben", question="Are the metrics back?", text="yes, since 23:00")
    found = part(draft(evidence(entries=(*ENTRIES, answered))), "Verification")
    assert "- Are the metrics back? Ben answered 2026-11-20 15:39 PT / 23:39 UTC: yes, since 23:00\n" in found


def test_a_promise_that_was_put_off_or_taken_back_says_why() -> None:
    promises = (
        promise(ClockName.MITIGATE, kept_at=after(14), extended_at=after(10), reason="waiting for the vendor"),
        promise(ClockName.TENANTS, withdrawn_at=after(12), reason="the severity changed from P0 to P1"),
    )
    text = part(draft(evidence(promises=promises)), "Promises")
    assert "; put off 2026-11-20 14:15 PT / 22:15 UTC: waiting for the vendor |" in text
    assert "on; the severity changed from P0 to P1 |" in text


def test_phases_say_how_long_each_took() -> None:
    changes = (
        entry(EntryKind.PHASE_CHANGED, 0, new="Detect"),
        entry(EntryKind.PHASE_CHANGED, 9, actor_id="ana", old="Detect", new="Stabilize"),
        entry(EntryKind.PHASE_CHANGED, 95, old="Stabilize", new="Verify"),
    )
    text = part(draft(evidence(entries=(*ENTRIES, *changes))), "Durations")
    for row in ("| Phase Detect | 9 min |", "| Phase Stabilize | 1 h 26 min |", "| Phase Verify | not ended |"):
        assert row in text


def test_the_steps_of_runbooks_and_what_is_left_to_do_stand_there() -> None:
    steps = (
        RunbookStep("s1", "i42", "high-error-rate", 1, "Look at the *dashboard*", after(1), after(3), "ana"),
        RunbookStep("s2", "i42", "high-error-rate", 2, "Roll back", after(1), None, None),
    )
    left = (
        FollowUp("f1", "i42", FollowUpKind.RUNBOOK, "Update the runbook", "ben", after(95), after(99), "ben", 1),
        FollowUp("f2", "i42", FollowUpKind.ACTION, "An index", None, after(95), None, None, 2),
    )
    text = draft(replace(evidence(), steps=steps, follow_ups=left))
    assert "| high-error-rate | 1. Look at the \\*dashboard\\* | 2026-11-20 14:08 PT / 22:08 UTC by Ana |" in part(text, "Runbooks")
    assert "| high-error-rate | 2. Roll back | not ticked |" in part(text, "Runbooks")
    assert "- [x] Update the runbook (Ben)\n- [ ] An index\n" in part(text, "Follow-ups")


def test_it_says_what_it_took_of_each_objective() -> None:
    taken = ((Objective(title="API", target=99.9), timedelta(minutes=12)),)
    said = "- API: this incident took 12 min of the 40 min 19 s that a target of 99.9 % leaves in 28 days.\n"
    assert said in part(draft(replace(evidence(), taken=taken)), "Availability")


def test_what_was_told_escalated_written_and_held_stands_in_one_place() -> None:
    stages = (
        entry(EntryKind.REPORTED, 130, actor_id="ana", text="A first report"),
        entry(EntryKind.ESCALATED, 60, until="resolved", how="paged", names=["Ben"]),
    )
    found = part(draft(evidence(entries=(*ENTRIES, *stages))), "Stages and escalations").split("\n")
    assert [line.partition(" UTC: ")[2] for line in found if line.startswith("- ")] == [
        "Escalated, for it was not resolved in time: paged Ben",
        "Ana wrote the preliminary report: A first report",
    ]
