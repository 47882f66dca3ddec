"""What only the asker sees."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.incidents import Role
from bot.domain.silences import Silence, Silences
from bot.domain.status import Status
from bot.messages import answers, card, inbox

from .rows import NASTY, OPENED, after, check_words, situation, strings

DONE: dict[str, Any] = {"acknowledged_at": after(2), "acknowledged_by": "tim", "acknowledged_via": "SMS"}
HOSTILE = situation(title=NASTY, severity="<!here>", impact=NASTY)
SILENCE = Silence("s", 3, {NASTY: [NASTY * 9, "&" * 200]}, OPENED, after(120), None, NASTY, NASTY * 9, OPENED, None, None)
SILENCED = Silences((SILENCE,) * 25)
ANSWERS = {
    "help": answers.help_text(),
    "unknown": answers.unknown_command(NASTY),
    "refused": answers.refused(NASTY * 60),
    "expired": answers.modal_expired(),
    "declared": answers.declared(HOSTILE, joined=False),
    "joined": answers.declared(HOSTILE, joined=True),
    "acknowledged": answers.acknowledged(situation(title=NASTY, **DONE), first=False),
    "updated": answers.updated(HOSTILE),
    "severity": answers.severity_set(HOSTILE),
    "role": answers.role_set(HOSTILE, Role.COMMANDER, NASTY),
    "noted": answers.noted("INC-42"),
    "resolved": answers.resolved(HOSTILE),
    "reopened": answers.reopened(HOSTILE),
    "status": answers.status(HOSTILE),
    "list": answers.incident_list([HOSTILE]),
    "silences": inbox.silences(SILENCED, [], OPENED),
    "none": answers.incident_list([]),
}


@pytest.mark.parametrize("words", ANSWERS.values(), ids=ANSWERS.keys())
def test_slack_takes_every_answer_and_nothing_in_it_is_live_but_our_own_channel(
    words: dict[str, Any],
) -> None:
    check_words(words)
    assert "<" not in "".join(strings(words)).replace("<#C0LIVE>", "")


def test_help_names_every_command_once() -> None:
    text = answers.help_text()["text"]
    for usage, meaning in answers.COMMANDS:
        assert text.count(f"`/incident {usage}` - {meaning}") == 1


def test_a_declaration_says_where_to_go() -> None:
    assert "is declared. Go to <#C0LIVE>." in answers.declared(situation(), joined=False)["text"]
    assert "is open already: join it in <#C0LIVE>." in answers.declared(situation(), joined=True)["text"]


def test_a_second_acknowledgement_is_told_who_was_first_and_when() -> None:
    text = answers.acknowledged(situation(**DONE), first=False)["text"]
    assert "was acknowledged by Tim at 14:07 PT / 22:07 UTC already" in text
    assert "is acknowledged by Tim. Nobody else is called." in answers.acknowledged(situation(**DONE), first=True)["text"]


def test_the_status_is_the_status_post() -> None:
    words = answers.status(situation(status=Status.MONITORING))
    assert words["text"] == card.status_text(situation(status=Status.MONITORING))


def test_a_long_list_says_how_many_are_left_out() -> None:
    lines = answers.incident_list([situation(number=n) for n in range(1, 46)])["text"].split("\n")
    assert len(lines) == 41 and lines[-1] == "and 5 more"
    assert lines[0].startswith("*INC-1* [P0] Checkout returns 500") and "owner Ana" in lines[0]


def test_an_empty_list_says_how_to_begin() -> None:
    assert answers.incident_list([])["text"].startswith("Nothing is open. `/incident declare")
