"""What blames is found with a better way to say it, and little else is (S8, J15, W10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.blame import findings

NAMES = ("Tim", "Ana Lopez", "Will", "Mark Page")
BLAMING = [
    ("It was Tim's fault.", "Tim's fault"),
    ("The deploy was at fault for nobody but the developer.", "at fault"),
    ("This was the fault of the night shift.", "the fault"),
    ("The cause was human error.", "human error"),
    ("An operator error took the replica down.", "operator error"),
    ("The migration should have been tested.", "should have"),
    ("They shouldn't have deployed on a Friday.", "shouldn't have"),
    ("The reviewer could have seen it.", "The reviewer could have"),
    ("A careless change removed the index.", "careless"),
    ("The engineer carelessly removed the index.", "carelessly"),
    ("The team failed to roll back.", "The team failed to roll"),
    ("Nobody failed to answer, but they failed to communicate it.", "failed to communicate"),
    ("The on-call engineer ignored the alert.", "The on-call engineer ignored the"),
    ("The operator forgot.", "The operator forgot"),
    ("They did not follow the runbook.", "did not follow the runbook"),
    ("Somebody forgot to renew the certificate.", "forgot to"),
    ("He made a stupid mistake.", "made a stupid mistake"),
    ("The release manager is to blame.", "to blame"),
    ("It happened because of their mistake.", "their mistake"),
    ("Tim dropped the wrong table.", "Tim"),
    ("The table was dropped by Ana.", "Ana"),
    ("Ana Lopez ran the script.", "Ana Lopez"),
    ("Mark Page ran the script.", "Mark Page"),
    ("@tim ran the script.", "@tim"),
]
FAIR = [
    "The database failed over to its replica, which had no index.",
    "The default timeout is 30 s, by default for every client.",
    "The job failed to start because the queue was full.",
    "Fault tolerance was lost with the second node; fault injection shows it.",
    "The page fault rate rose, and a segmentation fault followed.",
    "The error rate rose; the error budget's errors were spent.",
    "Users who forgot password links got an error 500.",
    "Lazy loading hid the missing column until the first request.",
    "Git blame shows that the line is eight years old.",
    "A blameless reading of the log: the lock was held for 40 s.",
    "The cache ignored the header, and the proxy missed the purge.",
    "The alert should have fired; the health check failed to notice the stall, and so did the retries.",
    "Traffic did not follow the new route.",
    "The alert could have fired earlier with a shorter window.",
    "Will the index come back? It will, and it may be slow on the first page.",
    "An engineer's laptop was not involved; the timer of the lease ran out.",
    "> Tim wrote: it was my fault, I should have checked",
    'The dashboard said "human error" whenever a deploy was rolled back.',
    "The log says `Tim failed to authenticate`.",
    "```\nTim's fault: should have\n```",
    "The estimate of the time was wrong; the timing of Timothea's job is random.",
    "Mail to ops@tim.example.com bounced.",
]


def under(title: str, text: str) -> str:
    return f"# Postmortem\n\n## {title}\n\n{text}\n\n## Follow-ups\n\n- [ ] Tim should have a look\n"


@pytest.mark.parametrize(("sentence", "words"), BLAMING, ids=[sentence for sentence, _ in BLAMING])
def test_a_sentence_that_blames_is_found_with_another_way_to_say_it(sentence: str, words: str) -> None:
    found = findings(under("Root cause", sentence), NAMES)
    assert words in [finding.words for finding in found]
    assert all(finding.section == "Root cause" and len(finding.suggestion) > 40 for finding in found)
    assert not any(name in finding.suggestion for finding in found for name in NAMES)


@pytest.mark.parametrize("sentence", FAIR)
def test_a_fair_sentence_is_left_alone(sentence: str) -> None:
    assert findings(under("Root cause", sentence), NAMES) == ()


@pytest.mark.parametrize("title", ["Root cause", "**Why**", "3. Contributing factors:", "What went badly", "Why it happened"])
def test_every_section_about_causes_is_read(title: str) -> None:
    assert findings(under(title, "It was a human error."), ())


@pytest.mark.parametrize("title", ["Timeline", "Preventive actions", "User impact"])
def test_other_sections_are_not(title: str) -> None:
    assert findings(under(title, "Tim should have been paged; human error."), NAMES) == ()


def test_names_may_stand_where_it_is_told_what_happened() -> None:
    found = findings(under("What happened", "Tim rolled back. It was his own fault."), NAMES)
    assert [finding.words for finding in found] == ["his own fault"]


def test_what_stands_in_a_chapter_below_belongs_to_the_causes_and_is_said_once() -> None:
    found = findings("## Root cause\n\n### Why\n\nThe cause was human error.\n", ())
    assert [finding.words for finding in found] == ["human error"]


@given(st.text(max_size=300), st.lists(st.text(max_size=12), max_size=4))
def test_no_text_and_no_name_breaks_it(text: str, names: list[str]) -> None:
    assert len(findings(under("Root cause", text), names)) <= 20
