"""What of a text in Markdown is a step, and what a hostile or a huge one comes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.runbooks import STEP_LIMIT, Part, PartKind, Runbook, list_steps, parts
from bot.messages import runbooks as words
from bot.sandbox import blocks

SHIPPED = sorted((Path(__file__).resolve().parents[2] / "bot" / "policies" / "omnihub").glob("*.md"))
USED = "Never used before."
HOSTILE = ("<!channel>", "<!here>", "<@U0ANA>", "<!subteam^S1>", "<https://evil.example.com|bank>", "[x](<!channel>)")
HUGE = (
    "x" * 100_000,
    "<" * 100_000,
    "# h\n" * 25_000,
    "1. a\n" * 20_000,
    "- [ ] <!channel>\n" * 5_000,
    "```\n" * 25_000,
    "[" * 50_000,
    "**" * 50_000,
    "&" * 990 + "\n" + "é" * 50_000,
    " " * 99_999 + "x",
    "`" * 100_000,
    "#" * 50_000 + " " * 50_000,
    "1. " + " " * 99_000,
    "- [ ] " + "step 1 " * 14_000,
)
LINES = ("# a", "```", "~~~", "1. b", "- [ ] c", "**Step 1:** d", "<!here>", "\x00\u202e", "e" * 3000, "[f](http://g)", "")


def runbook(text: str) -> Runbook:
    return Runbook(title="High error rate", file="errors.md", text=text)


def shown(text: str) -> tuple[list[dict[str, Any]], bool]:
    return words.messages("INC-1", runbook(text), USED)


def flaws(said: list[dict[str, Any]]) -> list[str]:
    """What Slack would refuse of these messages."""
    found = [flaw for one in said for flaw in blocks.problems(one["blocks"], most=50)]
    return found + [f"{blocks.text_length(one['blocks'])} characters" for one in said if blocks.text_length(one["blocks"]) > 11_000]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- [ ] Write the report\n- [x] Tell the team\n* [ ] Sleep", ["Write the report", "Tell the team", "Sleep"]),
        ("1. Look\n2) Act\n\n10. Rest", ["Look", "Act", "Rest"]),
        ("### Step 1: Look\ntext\n### Step 2 - Act", ["Look", "Act"]),
        ("## 1. Look\n## 2. Act ##", ["Look", "Act"]),
        ("**Step 1:** Check the dashboard\n**Step 2: Run** it", ["Check the dashboard", "Run it"]),
        ("### Step 1: Look\n1. here\n2. there\n## Then\n1. Act", ["Look", "Act"]),
        ("### Step 1: Look\n- [ ] and tick", ["Look", "and tick"]),
        ("### Step 3", ["Step 3"]),
        ("```\n1. code\n- [ ] code\n### Step 1: code\n```\n1. Act", ["Act"]),
        ("~~~\n1. code\n```\n1. code\n~~~\n1. Act", ["Act"]),
        ("```\n1. a block that is never closed", []),
        ("1. See [the dashboard](https://grafana.example.com/d/1) **now**", ["See the dashboard now"]),
        ("- plain\nStep by step\n2026. is a year? no, a number\n    1. indented code", ["is a year? no, a number"]),
        ("### Option 1: Roll back\n## Stepping back\n#no heading\n1.no item", []),
        ("", []),
    ],
)
def test_steps_are_tasks_numbers_and_headings_but_never_code(text: str, expected: list[str]) -> None:
    assert list_steps(text) == expected


def test_a_text_is_cut_where_headings_and_code_are() -> None:
    text = "# Title #\nfirst\n\n```bash\n# a comment\nls\n```\n## Then\nlast"
    assert list(parts(text)) == [
        Part(PartKind.HEADING, "Title"),
        Part(PartKind.TEXT, "first"),
        Part(PartKind.CODE, "# a comment\nls"),
        Part(PartKind.HEADING, "Then"),
        Part(PartKind.TEXT, "last"),
    ]


def test_a_runbook_without_steps_is_one_step_so_that_its_use_can_be_written_down() -> None:
    assert Runbook(title="Queue", link="https://wiki.example.com/queue").steps == ["Work through Queue"]
    assert runbook("only prose").steps == ["Work through High error rate"]


@pytest.mark.parametrize("given", [{}, {"file": "a.md", "link": "https://x.example.com"}, {"file": "../a.md"}, {"file": "a/../../b.md"}])
def test_a_runbook_is_a_file_of_the_folder_or_a_link(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"expected|should match"):
        Runbook(title="x", **given)


def test_headings_lists_links_and_code_are_kept() -> None:
    (said,), whole = shown("## Look\n- one\n- [ ] two **bold**\nsee [board](https://g.example.com/d?a=1&b=2)\n```\nif a < b; then\n```\n")
    text = "\n".join(block["text"]["text"] for block in said["blocks"])
    assert whole
    assert "*Look*\n• one\n☐ two *bold*\nsee board (<https://g.example.com/d?a=1&b=2|g.example.com>)\n```\nif a &lt; b; then\n```" in text
    assert said["blocks"][0]["text"]["text"] == f"*Runbook: High error rate*\n{USED}"


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("frame", ["{}", "# {}", "```\n{}\n```", "1. {}", "- [ ] {}", "**{}**", "[{}](https://a.example.com)"])
def test_what_would_call_somebody_or_hide_an_address_is_only_words(hostile: str, frame: str) -> None:
    said, _ = shown(frame.format(hostile))
    text = json.dumps(said)
    assert all(mark not in text for mark in ("<!", "<@", "<https://evil"))
    sections = [block["text"] for block in said[0]["blocks"]]
    assert all(section["verbatim"] is True for section in sections), "an @channel of letters alone calls nobody"


def test_a_link_that_is_none_is_shown_and_leads_nowhere() -> None:
    (said,), _ = shown("[click](javascript:alert(1)) [x](https://user:pw@evil.example.com/)")
    assert "<javascript" not in json.dumps(said) and "<https://user" not in json.dumps(said)


def test_code_cannot_end_its_own_block() -> None:
    (said,), _ = shown("~~~\na ``` b <!here>\n~~~")
    assert said["blocks"][1]["text"]["text"] == "```\na ''' b &lt;!here&gt;\n```"


@pytest.mark.parametrize("text", HUGE, ids=range(len(HUGE)))
def test_the_biggest_texts_are_bounded_and_quick(text: str) -> None:
    began = datetime.now(UTC)
    said, _ = shown(text)
    steps = list_steps(text)
    assert 1 <= len(said) <= words.MESSAGES_AT_MOST
    assert flaws(said) == []
    assert all(0 < len(step) <= STEP_LIMIT for step in steps)
    assert datetime.now(UTC) - began < timedelta(seconds=2)


def test_a_text_that_is_too_long_says_that_a_file_has_the_rest() -> None:
    said, whole = shown("word " * 15_000)
    assert not whole
    assert "It goes on in the file below." in json.dumps(said[-1])
    assert "file below" not in json.dumps(said[0])


@given(st.lists(st.sampled_from(LINES)))
def test_any_text_is_shown_within_the_limits_of_slack(lines: list[str]) -> None:
    said, _ = shown("\n".join(lines))
    assert flaws(said) == []
    assert "<!here>" not in json.dumps(said)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_runbook_has_the_same_parts_and_steps_to_tick(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["Severity", "Summary", "Impact", "Diagnosis", "Resolution", "Escalation", "Post-incident"]
    assert 6 <= len(list_steps(text)) <= 12
    assert list_steps(text)[-1] == "Update this runbook with what was learnt"
    assert ("TODO(team): " in text) is (path.stem != "high-error-rate")
    said, whole = shown(text)
    assert whole and flaws(said) == []


def test_the_eleven_runbooks_are_shipped() -> None:
    assert len(SHIPPED) == 11
