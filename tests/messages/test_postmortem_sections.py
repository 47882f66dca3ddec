"""The sections of a postmortem: what the evidence fills, what people fill, and what is empty still (S8, J15, W10, O13)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.blame import findings
from bot.domain.timeline import EntryKind
from bot.domain.writing import Section
from bot.messages import modals, postmortem_form
from bot.messages.evidence import Evidence
from bot.messages.postmortem import markdown as draft
from bot.messages.postmortem import merge
from bot.messages.postmortem_sections import body, empty, filled, hint

from .rows import check_view, entry, situation
from .test_postmortem import ENTRIES, RESOLVED, part

STUDIO = (
    Section(title="Timeline of failure", hint="Filled from what was recorded"),
    Section(title="Root cause", hint="What in the system made it possible; never who"),
    Section(title="User impact", hint="Which studios could not book"),
    Section(title="Corrective actions"),
    Section(title="Follow-ups"),
)


def written(**changes: Any) -> str:
    sections = changes.pop("sections", STUDIO)
    return draft(Evidence(situation(**{**RESOLVED, **changes}), ENTRIES, sections))


def test_a_timeline_is_filled_from_the_evidence_under_its_own_title() -> None:
    text = written()
    assert "Ana acknowledged by SMS" in part(text, "Timeline of failure")
    assert "\n## Timeline\n" not in text and "Filled from what was recorded" not in text


def test_the_impact_is_prefilled_from_what_was_stated_and_is_known_and_people_may_go_on() -> None:
    text = part(written(impact="no bookings", triage={"tenants": ["acme"], "users affected": ["1200"]}), "User impact")
    assert text.startswith("\nno bookings\n\n- Users affected: 1200\n- Tenants: acme\n")
    assert "_Which studios could not book_" in text
    assert "Impact as last stated" not in written()


def test_a_section_shows_its_own_hint_or_one_that_fits_its_title() -> None:
    text = written()
    assert "## Root cause\n\n_What in the system made it possible; never who_\n" in text
    assert hint(Section(title="Permanent fix")) in written(sections=(Section(title="Permanent fix"),))


def test_the_follow_ups_of_the_policy_stand_once() -> None:
    assert written().count("## Follow-ups") == 1
    assert written(sections=(Section(title="Action items"),)).count("- [ ] ") == 1


def test_a_hint_that_nobody_replaced_counts_as_empty() -> None:
    assert empty(written(impact=None), STUDIO) == ("Root cause", "User impact", "Corrective actions", "Follow-ups")
    assert empty(written(), STUDIO) == ("Root cause", "Corrective actions", "Follow-ups")


@pytest.mark.parametrize("nothing", ["", "-", "- [ ] ", "TODO", "_TBD._", "***", "<!-- to come -->", "???", "### Why"])
def test_what_says_nothing_is_empty(nothing: str) -> None:
    assert empty(f"# P\n\n## Root cause\n\n{nothing}\n", (Section(title="Root cause"),)) == ("Root cause",)


@pytest.mark.parametrize("said", ["None.", "A lock was held.", "- [x] done", "```\nlog\n```", "### Why\n\nA lock.", "n/a: a drill"])
def test_what_says_something_is_not(said: str) -> None:
    assert empty(f"# P\n\n## 2. **root cause**:\n\n{said}\n\n## Next\n", (Section(title="Root cause"),)) == ()


def test_a_section_that_was_taken_out_is_empty_and_one_below_another_counts() -> None:
    assert empty("## Analysis\n\n### Root cause\n\nA lock.\n", (Section(title="Root cause"), Section(title="Why"))) == ("Why",)


def test_a_heading_inside_code_is_none() -> None:
    assert empty("```\n## Root cause\nx\n```\n", (Section(title="Root cause"),)) == ("Root cause",)


ODD = ("# " + " #" * 120_000 + "x", "# \n" * 80_000, "*" * 240_000 + "x", "<!-- " * 50_000, "“" * 240_000)


@pytest.mark.parametrize("odd", ODD, ids=["a heading", "headings", "a line", "comments", "quotes"])
def test_no_odd_text_keeps_it_busy(odd: str) -> None:
    text = f"## Root cause\n\n{odd}\n"
    began = time.process_time()
    assert len(empty(text, STUDIO)) >= 3 and len(findings(text, ("Tim",))) == 0
    assert time.process_time() - began < 5


def test_without_sections_nothing_is_missing() -> None:
    assert empty("anything", ()) == ()


def test_what_is_written_by_the_form_stands_where_the_hint_stood() -> None:
    text = filled(written(), STUDIO[1], "A *lock* was held.\n\n- for 40 s")
    assert "## Root cause\n\nA *lock* was held.\n\n- for 40 s\n\n<!-- muster:begin impact" in text
    assert body(text, STUDIO[1]) == "A *lock* was held.\n\n- for 40 s"
    assert "Root cause" not in empty(text, STUDIO)


def test_what_is_written_below_a_filled_part_stays_through_the_next_draft() -> None:
    first = written(impact="no bookings")
    text = filled(first, STUDIO[2], "Forty studios.")
    assert body(text, STUDIO[2]) == "Forty studios." and "no bookings" in part(text, "User impact")
    merged = merge(text, written(impact="no bookings, no uploads"))
    assert "Forty studios." in merged and "no uploads" in part(merged, "User impact")


def test_a_section_that_was_taken_out_comes_last_when_somebody_writes_it() -> None:
    assert filled("# P\n", STUDIO[1], "A lock.") == "# P\n\n## Root cause\n\nA lock.\n"


def test_a_text_that_is_taken_back_leaves_the_hint() -> None:
    text = filled(filled(written(), STUDIO[1], "wrong"), STUDIO[1], " ")
    assert "wrong" not in text and hint(STUDIO[1]) in text and "Root cause" in empty(text, STUDIO)


def test_nobody_writes_a_mark_of_ours_into_a_section() -> None:
    text = filled(written(), STUDIO[1], "<!-- muster:begin pages -->\nmine\n<!-- muster:end pages -->")
    assert text.count("muster:begin pages") == 1
    assert merge(text, written()).count("mine") == 1


TEXTS = st.text(alphabet="ab \n-*_é<.", min_size=1, max_size=80)


@given(TEXTS, TEXTS)
def test_writing_one_section_changes_no_other(one: str, other: str) -> None:
    first = filled(written(), STUDIO[3], other)
    text = filled(first, STUDIO[1], one)
    assert body(text, STUDIO[3]) == body(first, STUDIO[3])
    assert filled(text, STUDIO[1], one) == text
    assert merge(text, written()) == text


def test_the_form_asks_for_what_people_fill_with_what_stands_there() -> None:
    text = filled(written(), STUDIO[1], "A lock.")
    view = postmortem_form.form(situation(), STUDIO, text)
    check_view(view)
    fields = [block for block in view["blocks"] if block["type"] == "input"]
    assert [field["label"]["text"] for field in fields] == ["Root cause", "User impact", "Corrective actions", "Follow-ups"]
    assert [field["element"].get("initial_value") for field in fields] == ["A lock.", None, None, None]
    assert fields[0]["element"]["placeholder"]["text"] == "What in the system made it possible; never who"


def test_a_section_too_long_for_a_form_is_named_and_stays() -> None:
    text = filled(written(), STUDIO[1], "word " * 700)
    view = postmortem_form.form(situation(), STUDIO, text)
    check_view(view)
    assert "Root cause: longer than a form can hold" in json.dumps(view)
    about = json.loads(view["private_metadata"])
    saved = postmortem_form.written_into(text, STUDIO, lambda _: "", lambda name, said: modals.untouched(about, name, said))
    assert saved == text


def test_the_form_changes_only_what_was_changed_in_it() -> None:
    first = filled(written(), STUDIO[1], "A lock.")
    about = json.loads(postmortem_form.form(situation(), STUDIO, first)["private_metadata"])
    meanwhile = filled(first, STUDIO[1], "A lock, by a migration.")
    values = {"section 1": "A lock.", "section 3": "Rolled back."}
    saved = postmortem_form.written_into(
        meanwhile, STUDIO, lambda name: values.get(name, ""), lambda name, said: modals.untouched(about, name, said)
    )
    assert body(saved, STUDIO[1]) == "A lock, by a migration." and body(saved, STUDIO[3]) == "Rolled back."


def test_two_sections_about_the_same_are_filled_once() -> None:
    text = written(sections=(Section(title="Impact"), Section(title="User impact"), Section(title="Timeline")))
    assert text.count("muster:begin impact") == text.count("muster:begin timeline") == 1
    assert "## User impact\n\n_Who was affected" in text


def test_a_new_entry_lands_in_the_section_that_holds_the_timeline() -> None:
    more = Evidence(situation(**RESOLVED), (*ENTRIES, entry(EntryKind.NOTE, 99, actor_id="ben", text="one more")), STUDIO)
    merged = merge(filled(written(), STUDIO[1], "A lock."), draft(more))
    assert "A lock." in merged and merged.count("## Timeline of failure") == 1
    assert "Ben noted: one more" in part(merged, "Timeline of failure")
