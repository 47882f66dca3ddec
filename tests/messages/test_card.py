"""The status post, to the letter (J10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import AlertStatus
from bot.domain.incidents import Role
from bot.domain.pages import PageState
from bot.domain.severity import ClockName
from bot.domain.situation import AlertCounts
from bot.domain.status import Status
from bot.messages import actions, card

from .rows import NASTY, OPENED, after, alert, check_words, page, promise, situation, strings

TO_THE_LETTER = """[P0] Checkout returns 500 for card payments
Status: Investigating
Impact: all customers paying by card, EU and US
Started: 2026-11-20 14:05 PT / 22:05 UTC
Owner: Ana
Next update: 14:20 PT / 22:20 UTC"""

ACKNOWLEDGED: dict[str, Any] = {
    "acknowledged_at": after(2),
    "acknowledged_by": "tim",
    "acknowledged_via": "SMS",
}


def buttons(words: dict[str, Any]) -> list[str]:
    return [e["action_id"] for block in words["blocks"] if block["type"] == "actions" for e in block["elements"]]


def test_the_status_post_is_the_format_to_the_letter() -> None:
    assert card.status_text(situation()) == TO_THE_LETTER


def test_the_post_stands_in_the_blocks_and_as_their_fallback() -> None:
    for words in (card.card(situation()), card.announcement(situation())):
        assert words["text"] == words["blocks"][0]["text"]["text"] == TO_THE_LETTER
        check_words(words)


def test_what_nobody_said_yet_is_said_so() -> None:
    lines = card.status_text(situation(owner_id=None, impact=None, next_update_at=None)).split("\n")
    assert lines[2] == "Impact: not stated yet"
    assert lines[4:] == ["Owner: nobody yet", "Next update: not promised"]


def test_the_start_names_both_dates_when_they_differ() -> None:
    text = card.status_text(situation(started_at=after(180)))
    assert "Started: 2026-11-20 17:05 PT / 2026-11-21 01:05 UTC\n" in text


def test_a_resolved_incident_promises_no_update() -> None:
    s = situation(status=Status.RESOLVED, resolved_at=after(95), resolved_by="ana", next_update_at=None)
    assert card.status_text(s).endswith("\nNext update: none, resolved 2026-11-20 15:40 PT / 23:40 UTC")
    assert "Status: Resolved\n" in card.status_text(s)
    assert buttons(card.card(s)) == [actions.REOPEN, actions.MORE]
    check_words(card.card(s))


def test_an_update_that_is_a_day_off_carries_its_date() -> None:
    text = card.status_text(situation(next_update_at=OPENED + timedelta(days=1)))
    assert text.endswith("Next update: 2026-11-21 14:05 PT / 22:05 UTC")


def test_nobody_can_write_a_line_of_the_post() -> None:
    s = situation(title="x\nStatus: Resolved", impact="y\r\nOwner: Mallory\u2028Next update: never")
    assert len(card.status_text(s).split("\n")) == 6


def test_the_card_says_who_acknowledged_by_which_road() -> None:
    said = strings(card.card(situation(**ACKNOWLEDGED)))
    assert "Acknowledged by Tim by SMS at 14:07 PT / 22:07 UTC" in said


def test_the_card_says_until_when_it_has_to_be_acknowledged() -> None:
    s = situation(promises=(promise(ClockName.ACKNOWLEDGE, due_at=after(5)),))
    assert "Not acknowledged yet, due 14:10 PT / 22:10 UTC" in strings(card.card(s))


def test_the_card_counts_recovered_alerts_and_names_roles_source_and_limits() -> None:
    alerts = (alert(), alert(id="a2", status=AlertStatus.RESOLVED))
    limits = tuple(f"limit {n}" for n in range(7))
    s = situation(alerts=alerts, limits=limits, roles={Role.COMMANDER: "ben"}, link="https://prom.example.com/x")
    words = card.card(s)
    check_words(words)
    said = strings(words)
    link = "<https://prom.example.com/x|prom.example.com>"
    assert f"Alerts: 1 of 2 recovered, said 4 times · source: {link}" in said
    assert "Commander: Ben" in said
    assert ":warning: limit 0" in said and ":warning: and 3 more limits of this installation" in said


def test_the_card_counts_alerts_that_are_too_many_to_be_read_and_names_system_and_service() -> None:
    s = situation(alerts=(alert(),), counted=AlertCounts(1000, 3, 4711), service="checkout")
    said = strings(card.card(replace(s, system="Payments")))
    assert "Alerts: 3 of 1000 recovered, said 4711 times" in said
    assert "System: Payments · Service: checkout" in said


def test_the_card_says_what_the_alert_says_beside_its_title() -> None:
    plain, spoken = (
        alert(annotations={"description": "CheckoutErrors"}),
        alert(id="a2", annotations={"description": "5xx <b>above</b> 2 %"}),
    )
    assert card.known_lines(situation(alerts=(plain, spoken)))[0] == "5xx &lt;b&gt;above&lt;/b&gt; 2 %"
    long = alert(annotations={"description": "x" * 4000})
    assert len(card.known_lines(situation(alerts=(long,)))[0]) <= 240
    assert not any("CheckoutErrors" in line for line in card.known_lines(situation(alerts=(plain,))) if not line.startswith("Monitors"))


def test_a_merged_incident_is_not_called_resolved() -> None:
    s = replace(situation(status=Status.RESOLVED, resolved_at=after(95), resolved_by="ana"), merged_into="INC-41")
    assert "Merged into INC-41 by Ana; `/incident reopen` opens it again" in str(card.details(s))


def test_a_provisional_severity_stands_on_the_card_with_its_reason_escaped() -> None:
    words = card.card(situation(provisional=True, severity_reason=NASTY))
    check_words(words)
    (line,) = [text for text in strings(words) if "(provisional: " in text]
    assert line.startswith("[P0] Checkout returns 500 for card payments (provisional: ")
    assert "<!channel>" not in line and "<@U0TIM>" not in line


def test_acknowledge_is_offered_until_it_is_done_and_again_while_a_broken_promise_rings() -> None:
    done = ACKNOWLEDGED
    assert actions.ACKNOWLEDGE in buttons(card.card(situation()))
    assert actions.ACKNOWLEDGE not in buttons(card.card(situation(**done, pages=(page(state=PageState.STOPPED),))))
    assert actions.ACKNOWLEDGE in buttons(card.card(situation(**done, pages=(page(),))))
    rest = [actions.UPDATE, actions.CHANGE_SEVERITY, actions.RESOLVE, actions.MORE]
    assert buttons(card.card(situation(**done))) == rest


def test_the_announcement_leads_to_the_channel() -> None:
    assert "INC-42 is worked on in <#C0LIVE>" in strings(card.announcement(situation()))


@given(st.text(alphabet="<>&!@#|\n*_` a", max_size=300), st.text(max_size=12_000))
def test_no_mention_can_come_out_of_a_title_or_an_impact(title: str, impact: str) -> None:
    s = situation(title=title or "x", impact=impact, severity="<!here>", link=NASTY, limits=(NASTY,))
    words = card.card(s)
    check_words(words)
    assert not [text for text in strings(words) if "<" in text]
    assert len(card.topic(s)) <= 250 and "<" not in card.topic(s)


def test_a_title_keeps_its_formatting_characters() -> None:
    s = situation(title="*_~`x`~_* &")
    assert card.card(s)["blocks"][0]["text"] == {
        "type": "plain_text", "text": card.status_text(s), "emoji": False,
    }  # fmt: skip
    assert card.status_text(s).startswith("[P0] *_~`x`~_* &amp;\n")
    assert card.topic(s) == "INC-42: *_~`x`~_* &amp;"
