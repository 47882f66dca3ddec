"""What comes after the first hour: tenants, tickets, reports, the meeting, and promises that are put off, as people see them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.messages import actions
from tests.house import House, alert, open_house
from tests.policies import ANA, ANA_MAIL, BEN_MAIL, TIM, TIM_MAIL, make_policy, policy_data
from tests.scenarios.responders import CHANNEL, TITLE, card, declare, do, form, shown, submit

ACME, BASE = "it@acme.example.com", "ops@base.example.com"
TRACKER = "tracker@example.com"
P0: dict[str, Any] = policy_data()["severities"][0] | {
    "clocks": {"acknowledge": "5m", "tenants": {"warn": "15m", "breach": "30m"}, "report": "1h", "postmortem": "24h", "meeting": "7d"},
    "roads": {"tenants": []},
}
P1: dict[str, Any] = {"label": "P1", "rank": 1, "tell": [{"who": ["tim"], "by": ["email"]}], "clocks": {"update": "30m", "ticket": "24h"}}
FIELDS: dict[str, Any] = {
    "severities": [P0, P1],
    "tenants": {
        "acme": {"name": "Acme", "email": [ACME, "ceo@acme.example.com"], "critical": True, "labels": ["acme-prod"]},
        "base": {"name": "Base", "email": [BASE], "critical": True},
        "small": {"name": "Small", "email": ["small@example.com"]},
    },
    "meeting": {"who": ["ben"], "during": {"zone": "America/Los_Angeles", "days": ["mon", "tue", "wed", "thu", "fri"]}},
    "postmortem": {"sections": ["What happened"], "report": ["Root cause so far", {"title": "Resolution", "hint": "What ended it"}]},
}
POLICY = make_policy(**FIELDS)


@pytest.fixture
async def house(database_url: str) -> Any:
    async with open_house(database_url, POLICY, socket_mode=database_url.startswith("sqlite")) as opened:
        yield opened


async def test_w8_a_mail_to_the_critical_tenants_is_owed_and_holds_a_person_s_words_alone(house: House) -> None:
    await declare(house)
    await do(house, "ack")
    await house.travel(minutes=30)
    said = "\n".join(house.said(CHANNEL))
    assert "owes a mail to the critical tenants" in said and "owed a mail to the critical tenants" in said
    assert len(house.texts(ANA)) == 0, "its roads are empty: nobody is called"
    answer = await do(house, "tenants Logging in fails since 14:05.\nWe are on it.")
    assert "Acme, Base will have that by mail." in answer
    (mail,) = house.mails(ACME)
    assert mail.subject == "Logging in fails since 14:05."
    assert " ".join(mail.text.split()) == "Logging in fails since 14:05. We are on it."
    assert "INC-1" not in mail.text and mail.to == (ACME,)
    assert "have that text already" in await do(house, "tenants Logging in fails since 14:05.\nWe are on it.")
    assert (len(house.mails(ACME)), len(house.mails("small@example.com"))) == (1, 0)
    promise = next(one for one in (await house.show("INC-1"))["promises"] if one["clock"] == "tenants")
    assert promise["kept_at"] and promise["missed_at"]


async def test_w8_only_the_tenants_that_it_concerns_are_written_to(house: House) -> None:
    await house.post_alert(alert(tenant="acme-prod"))
    await house.settle()
    channel = "inc-1-checkout-returns-500-for-card-payments"
    assert "Acme will have that" in await do(house, "tenants We look into it.", channel=channel)
    assert (len(house.mails(ACME)), len(house.mails(BASE))) == (1, 0)
    await house.post_alert(alert(fingerprint="f2", alertname="Other", tenant="small"))
    await house.settle()
    other = next(name for name in [one.name for one in house.sandbox.slack.channels.values()] if name.startswith("inc-2"))
    assert "is critical (small)" in await do(house, "tenants We look into it.", channel=other)


async def test_o11_a_minor_incident_becomes_a_ticket_under_its_link(house: House) -> None:
    await declare(house, f"P1 {TITLE}")
    (told,) = house.mails(TIM_MAIL)
    assert told.subject == f"[INC-1] P1 {TITLE}" and "You are told of it, not called." in told.text
    assert house.texts(TIM) == []
    assert "by its link" in await do(house, "ticket OPS-42")
    await do(house, "ticket <https://tracker.example.com/OPS-42>")
    assert "https://tracker.example.com/OPS-42" in shown(card(house))
    promise = next(one for one in (await house.show("INC-1"))["promises"] if one["clock"] == "ticket")
    assert promise["kept_at"] and not promise["missed_at"]


async def test_o11_without_a_link_the_facts_are_mailed_to_the_tracker_when_they_are_due(database_url: str) -> None:
    ticket_only = [P0, {"label": "P1", "rank": 1, "clocks": {"ticket": "24h"}}]
    policy = make_policy(**FIELDS | {"severities": ticket_only}, ticket_mail=TRACKER)
    async with open_house(database_url, policy) as house:
        await declare(house, f"P1 {TITLE}")
        await house.travel(hours=23, minutes=59)
        assert house.mails(TRACKER) == []
        await house.travel(minutes=1)
        (mail,) = house.mails(TRACKER)
        assert mail.subject == f"[INC-1] P1 {TITLE}" and "Severity: P1" in mail.text
        assert any("was sent to tracker@example.com as a ticket" in text for text in house.said(CHANNEL))


async def test_o13_the_report_is_asked_for_by_the_policy_s_sections_and_posted_where_it_was_announced(house: House) -> None:
    await declare(house)
    await do(house, "resolve rolled back")
    await house.sandbox.slack.command("U0ANA", "report", channel=CHANNEL)
    view = await form(house, "U0ANA", actions.WRITE_REPORT)
    await submit(house, "U0ANA", view, section_0="The pool ran dry", section_1="It is larger now")
    for channel in (CHANNEL, "alerts-critical"):
        posted = [text for text in house.said(channel) if "Preliminary report on INC-1" in text]
        assert len(posted) == 1
    assert "Root cause so far\nThe pool ran dry" in "\n".join(house.said(CHANNEL))
    await house.travel(hours=1)
    assert not any("the preliminary report by" in text for text in house.said(CHANNEL)), "it was kept in time"


async def test_o13_the_meeting_is_planned_in_a_week_moved_held_and_taken_back_when_it_reopens(house: House) -> None:
    await declare(house)
    await do(house, "resolve rolled back")
    (mail,) = house.mails(BEN_MAIL)
    assert len(house.mails(ANA_MAIL)) == 1
    assert "METHOD:REQUEST" in mail.calendar and "SEQUENCE:0" in mail.calendar
    assert "DTSTART:20261126T230000Z" in mail.calendar, "on Thursday at 15:00, for on Friday it would be too late"
    assert "2026-11-24 16:00 PT" in await do(house, "meeting tue 16:00")
    moved = house.mails(BEN_MAIL)[-1].calendar
    assert "SEQUENCE:1" in moved and "DTSTART:20261125T000000Z" in moved
    uid = [line for line in mail.calendar.splitlines() if line.startswith("UID:")]
    assert uid[0] in moved
    assert "is at that time already" in await do(house, "meeting tue 16:00"), "nobody is invited twice to the same"
    assert len(house.mails(BEN_MAIL)) == 2
    await do(house, "reopen it is back")
    cancelled = house.mails(BEN_MAIL)[-1].calendar
    assert "METHOD:CANCEL" in cancelled and "SEQUENCE:2" in cancelled and uid[0] in cancelled
    assert "planned then" in await do(house, "meeting tue 16:00")
    await do(house, "resolve again")
    assert "SEQUENCE:3" in house.mails(BEN_MAIL)[-1].calendar
    await do(house, "meeting held")
    promise = [one for one in (await house.show("INC-1"))["promises"] if one["clock"] == "meeting"][-1]
    assert promise["kept_at"] and "No meeting about INC-1 is planned" in await do(house, "meeting held")


async def test_a_promise_is_put_off_once_in_slack_and_by_the_api(house: House) -> None:
    await declare(house, f"P1 {TITLE}")
    assert "for example `/incident extend update 15m" in await do(house, "extend soon please")
    answer = await do(house, "extend 15m Waiting for the vendor")
    assert "A status update of INC-1 is due 14:50 PT / 22:50 UTC now" in answer
    assert "put off once already" in await do(house, "extend update 15m again")
    assert any("Waiting for the vendor" in text for text in house.said(CHANNEL))
    body = {"by": "1h", "reason": "the tracker is down", "clock": "ticket"}
    headers = {"Authorization": "Bearer api-token", "Idempotency-Key": "extend"}
    async with house.http.post(f"{house.bot.url}/api/v1/incidents/INC-1/extend", json=body, headers=headers) as response:
        found = {one["clock"]: one["due_at"] for one in (await response.json())["promises"]}
    assert found["ticket"].startswith("2026-11-21T23:05")
