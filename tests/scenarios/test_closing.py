"""An incident is closed when that is true, and not before: checks, a quiet cycle, answers, the watch afterwards (J11, O12, S5, W9, W10)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.messages import actions
from tests.house import NOON, SECRETS, House, alert, open_house
from tests.policies import make_policy, policy_data
from tests.scenarios.responders import ANNOUNCED, card, do, errors, form, initial, press, shown, submit

CHANNEL = "inc-1-checkout-returns-500-for-card-payments"
BASELINE, BACKLOG = "Are the metrics at their baseline?", "Are the backlogs cleared?"
CHECK = {"title": "Golden path", "match": {"source": "synthetic", "check": "signup"}, "heard_within": "1h"}
RULES = {"alerts": True, "checks": ["golden"], "quiet": "15m", "questions": [BASELINE, BACKLOG], "by": "commander", "watch": "1h"}


def policy(**rules: Any) -> Any:
    sources = policy_data()["sources"] | {"synthetic": {"kind": "generic", "unsigned": True, "channel": "synthetic"}}
    return make_policy(sources=sources, checks={"golden": CHECK}, verification=rules, correlation={"reopen_within": "5m"})


@pytest.fixture(params=[False, True], ids=["http", "socket"])
async def house(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url, policy(**RULES), socket_mode=request.param) as opened:
        yield opened


@pytest.fixture
async def plain(database_url: str) -> AsyncIterator[House]:
    """A house whose policy asks for what the test says that it asks for, in ``quiet`` alone."""
    async with open_house(database_url, policy(quiet="15m", watch="1h")) as opened:
        yield opened


async def fires(house: House, fingerprint: str = "f1", minutes: int = 0) -> None:
    assert (await house.post_alert(alert("firing", NOON + timedelta(minutes=minutes), fingerprint))).status == 202
    await house.settle()


async def recovers(house: House, fingerprint: str = "f1", minutes: int = 0) -> None:
    body = alert("resolved", NOON + timedelta(minutes=minutes), fingerprint)
    assert (await house.post_alert(body)).status == 202
    await house.settle()


async def synthetic(house: House, state: str, key: str = "signup") -> None:
    body = {"title": f"Signup {key}", "key": key, "status": state, "labels": {"check": "signup"}}
    assert (await house.post_alert(body, "synthetic")).status == 202
    await house.settle()


async def api(house: House, action: str, **body: Any) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
    async with house.http.post(f"{house.bot.url}/api/v1/incidents/INC-1/{action}", json=body, headers=headers) as response:
        answer = dict(await response.json())
    await house.settle()
    return response.status, answer


async def verified_but_for_people(house: House) -> None:
    """Everything that monitors and time bring is there: ready to be answered by the commander, Ben."""
    await fires(house)
    await do(house, "role commander <@U0BEN>", channel=CHANNEL)
    await do(house, "update monitoring: rolled back", channel=CHANNEL)
    await synthetic(house, "firing")
    await recovers(house)
    await synthetic(house, "resolved")
    await house.travel(minutes=16)


async def open_form(house: House, user: str) -> Any:
    await press(house, user, actions.RESOLVE, CHANNEL)
    return await form(house, user, actions.RESOLVE)


def question_block(view: Any, question: str) -> str:
    return str(next(block["block_id"] for block in view.body["blocks"] if block.get("label", {}).get("text") == question))


async def test_resolve_says_everything_that_is_missing_in_one_answer(house: House) -> None:
    await fires(house)
    answer = await do(house, "resolve", channel=CHANNEL)
    assert "INC-1 cannot be resolved yet:" in answer
    assert "1 of its 1 alerts has not recovered" in answer
    assert "The check Golden path was never heard" in answer
    assert "No related alert may come for 15 min, counted from the status Monitoring" in answer
    assert f"Not answered: {BASELINE}" in answer and f"Not answered: {BACKLOG}" in answer
    assert "Only the commander may resolve it, and nobody has that role. Give the role: `/incident role commander @ana`" in answer
    assert actions.RESOLVE in answer, "the button opens the form"
    assert "Status: Investigating" in card(house, CHANNEL).text
    status, refused = await api(house, "resolve")
    assert (status, refused["code"]) == (409, "not_verified")
    assert [reason["code"] for reason in refused["reasons"]] == ["alerts", "check", "quiet", "question", "question", "holder"]
    assert (await house.show("INC-1"))["verification"]["missing"] == [reason["code"] for reason in refused["reasons"]]


async def test_a_check_is_red_while_any_of_its_alerts_fires_and_green_only_when_none_does(house: House) -> None:
    await fires(house)
    assert "Golden path unknown, never heard" in shown(card(house, CHANNEL))
    await synthetic(house, "firing", "desktop")
    await synthetic(house, "firing", "mobile")
    assert "Golden path red since 14:05 PT" in shown(card(house, CHANNEL))
    await synthetic(house, "resolved", "desktop")
    assert "Golden path red since" in shown(card(house, CHANNEL))
    await synthetic(house, "resolved", "mobile")
    assert "Golden path green" in shown(card(house, CHANNEL))
    await house.travel(minutes=61)
    assert "The check Golden path was not heard in time, it has been unknown since 15:05 PT" in await do(house, "resolve", channel=CHANNEL)


async def test_another_severity_in_the_middle_of_a_quiet_cycle_keeps_it_or_ends_it_as_the_policy_asks(database_url: str) -> None:
    async with open_house(database_url, policy(quiet="15m", severities=["P0"])) as house:
        await do(house, "declare P0 Checkout returns 500 for card payments", channel="general")
        await do(house, "update monitoring: rolled back", channel=CHANNEL)
        await house.travel(minutes=5)
        await do(house, "severity P1 a workaround is known", channel=CHANNEL)
        assert "Quiet until" not in shown(card(house, CHANNEL)), "of a P1 no quiet cycle is asked"
        await do(house, "severity P0 it is everybody after all", channel=CHANNEL)
        assert "Quiet until 14:2" in shown(card(house, CHANNEL))
        assert "stay quiet" in await do(house, "resolve", channel=CHANNEL)
        await house.travel(minutes=16)
        await do(house, "resolve it is over", channel=CHANNEL)
        assert (await house.show("INC-1"))["status"] == "Resolved"


async def test_the_quiet_cycle_counts_down_on_the_card_and_begins_anew_with_a_related_alert(house: House) -> None:
    await fires(house)
    await do(house, "update monitoring: rolled back", channel=CHANNEL)
    assert "Quiet until 14:20 PT" in shown(card(house, CHANNEL))
    await house.travel(minutes=10)
    await fires(house, "f2", minutes=10)
    assert "Quiet until 14:30 PT" in shown(card(house, CHANNEL))
    await recovers(house)
    await recovers(house, "f2", minutes=10)
    await house.travel(minutes=11)
    assert "It has to stay quiet until 14:30 PT" in await do(house, "resolve", channel=CHANNEL)
    await house.travel(minutes=5)
    assert "stay quiet" not in await do(house, "resolve", channel=CHANNEL)
    await do(house, "update mitigating: it is not over", channel=CHANNEL)
    assert "counted from the status Monitoring" in await do(house, "resolve", channel=CHANNEL)
    assert "Quiet" not in shown(card(house, CHANNEL))


async def test_the_channel_is_told_once_that_it_can_be_resolved(house: House) -> None:
    await verified_but_for_people(house)
    await synthetic(house, "firing")
    await synthetic(house, "resolved")
    await house.travel(minutes=10)
    told = [text for text in house.said(CHANNEL) if "everything that monitors and time can show has been shown" in text]
    assert len(told) == 1
    assert "by the commander, which asks:" in told[0] and BASELINE in told[0]


async def test_o12_the_commander_alone_resolves_and_the_answers_stand_under_a_name(house: House) -> None:
    await verified_but_for_people(house)
    refused = await do(house, "resolve", channel=CHANNEL)
    assert "Only the commander may resolve it. Ask Ben" in refused and "Or override it" not in refused
    view = await open_form(house, "U0BEN")
    assert "Not verified yet" not in shown(view)
    answers = {question_block(view, BASELINE): "yes, p95 at 210 ms", question_block(view, BACKLOG): "no"}
    answer = await house.sandbox.slack.submit("U0BEN", view.id, {block: {"value": value} for block, value in answers.items()})
    assert f"Not answered: {BACKLOG}" in str(errors(answer)), "a bare no resolves nothing"
    answers[question_block(view, BACKLOG)] = "yes, both queues are empty"
    answer = await house.sandbox.slack.submit("U0BEN", view.id, {block: {"value": value} for block, value in answers.items()})
    assert answer.body is None
    await house.settle()
    assert "Status: Resolved" in card(house, CHANNEL).text
    timeline = await do(house, "timeline", channel=CHANNEL)
    assert f"Ben answered “{BASELINE}”: yes, p95 at 210 ms" in timeline
    assert (await house.show("INC-1"))["overridden"] is None


async def test_an_override_needs_a_reason_which_stands_on_the_timeline_and_on_the_card(house: House) -> None:
    await fires(house)
    await do(house, "role commander <@U0ANA>", channel=CHANNEL)
    status, refused = await api(house, "resolve", override="  ")
    assert (status, refused["code"]) == (400, "malformed") and "Say why" in refused["message"]
    status, resolved = await api(house, "resolve", text="moved away", override="The synthetic check itself is broken")
    assert (status, resolved["status"]) == (200, "Resolved")
    assert resolved["overridden"] == "The synthetic check itself is broken"
    assert "Resolved unverified: The synthetic check itself is broken" in shown(card(house, CHANNEL))
    timeline = await do(house, "timeline", channel=CHANNEL)
    assert "Ana resolved it unverified: The synthetic check itself is broken (missing: 1 of its 1 alerts has not recovered" in timeline
    assert any("Ana resolves INC-1 unverified" in text for text in house.said(CHANNEL))


async def test_an_override_does_not_make_anybody_the_commander(house: House) -> None:
    await verified_but_for_people(house)
    status, refused = await api(house, "resolve", override="I am in a hurry")
    assert status == 409
    assert [reason["code"] for reason in refused["reasons"]] == ["holder"]
    assert (await house.show("INC-1"))["status"] == "Monitoring"


async def test_a_form_that_overrides_keeps_the_reason(house: House) -> None:
    await fires(house)
    await do(house, "role commander <@U0ANA>", channel=CHANNEL)
    view = await open_form(house, "U0ANA")
    assert "Not verified yet:" in shown(view)
    answer = await submit(house, "U0ANA", view, text="moved away", override="The check is broken")
    assert answer.body is None
    assert "Resolved unverified: The check is broken" in shown(card(house, CHANNEL))


async def test_a_question_that_nobody_asks_is_refused_with_those_that_are(house: House) -> None:
    await verified_but_for_people(house)
    status, refused = await api(house, "resolve", answers={"Is it Friday?": "yes"})
    assert (status, refused["code"]) == (400, "malformed")
    assert f"1. {BASELINE}" in refused["message"] and f"2. {BACKLOG}" in refused["message"]


async def test_a_viewer_resolves_nothing(house: House) -> None:
    await verified_but_for_people(house)
    assert "which cannot change incidents" in await do(house, "resolve", user="U0VIC", channel=CHANNEL)
    assert "Status: Monitoring" in card(house, CHANNEL).text


async def test_a_form_that_is_older_than_the_severity_asks_to_be_opened_again(house: House) -> None:
    await verified_but_for_people(house)
    view = await open_form(house, "U0BEN")
    await do(house, "severity P1 fewer customers", channel=CHANNEL)
    assert "Open it again" in str(errors(await submit(house, "U0BEN", view, text="done")))
    assert "Status: Monitoring" in card(house, CHANNEL).text


async def test_a_form_that_is_older_than_the_resolution_changes_nothing(house: House) -> None:
    await verified_but_for_people(house)
    view = await open_form(house, "U0BEN")
    await do(house, "role commander <@U0ANA>", channel=CHANNEL)
    assert (await api(house, "resolve", answers={"1": "yes", "2": "yes"}))[0] == 200
    assert "This incident is resolved." in str(errors(await submit(house, "U0BEN", view, text="done")))


async def test_s5_a_quiet_watch_verifies_the_recovery(plain: House) -> None:
    await fires(plain)
    await do(plain, "update monitoring: rolled back", channel=CHANNEL)
    await recovers(plain)
    await plain.travel(minutes=15)
    await do(plain, "resolve rolled back", channel=CHANNEL)
    assert "Watched until 15:20 PT" in shown(card(plain, CHANNEL))
    await plain.travel(minutes=59)
    assert (await plain.show("INC-1"))["verified_at"] is None
    await plain.travel(minutes=1)
    assert (await plain.show("INC-1"))["verified_at"] == "2026-11-20T23:20:00+00:00"
    assert "Verified 2026-11-20 15:20 PT" in shown(card(plain, CHANNEL))
    assert any("INC-1 is verified" in text for text in plain.said(CHANNEL))
    assert "The recovery was verified" in await do(plain, "timeline", channel=CHANNEL)


async def test_w9_what_comes_back_while_it_is_watched_reopens_it_and_ends_the_watch(plain: House) -> None:
    await fires(plain)
    await do(plain, "update monitoring: rolled back", channel=CHANNEL)
    await recovers(plain)
    await plain.travel(minutes=15)
    await do(plain, "resolve rolled back", channel=CHANNEL)
    await plain.travel(minutes=50)
    await fires(plain, "f2", minutes=65)
    assert "Status: Investigating" in card(plain, CHANNEL).text, "50 min are longer than reopen_within"
    assert any("Muster reopened INC-1" in text for text in plain.said(ANNOUNCED))
    await plain.travel(minutes=60)
    assert (await plain.show("INC-1"))["verified_at"] is None
    assert not any("is verified" in text for text in plain.said(CHANNEL))


async def test_what_comes_back_after_the_watch_is_another_incident(plain: House) -> None:
    await fires(plain)
    await do(plain, "update monitoring: rolled back", channel=CHANNEL)
    await recovers(plain)
    await plain.travel(minutes=15)
    await do(plain, "resolve rolled back", channel=CHANNEL)
    await plain.travel(minutes=61)
    await fires(plain, "f2", minutes=76)
    assert (await plain.show("INC-2"))["status"] == "Investigating"
    assert "Status: Resolved" in card(plain, CHANNEL).text


async def test_what_fires_still_when_the_watch_ends_is_not_verified(house: House) -> None:
    await fires(house)
    await do(house, "role commander <@U0ANA>", channel=CHANNEL)
    await api(house, "resolve", override="The alert rule is broken")
    await house.travel(minutes=60)
    assert (await house.show("INC-1"))["verified_at"] is None
    assert any(
        "it is not verified: 1 of its alerts is firing still; the check Golden path is unknown" in text for text in house.said(CHANNEL)
    )


async def test_answers_count_no_longer_once_it_was_reopened(house: House) -> None:
    await verified_but_for_people(house)
    await do(house, "role commander <@U0ANA>", channel=CHANNEL)
    assert (await api(house, "resolve", answers={"1": "yes", BACKLOG: "yes"}))[0] == 200
    assert [one["answer"] for one in (await house.show("INC-1"))["verification"]["questions"]] == ["yes", "yes"]
    await do(house, "reopen it is back", channel=CHANNEL)
    assert [one["answer"] for one in (await house.show("INC-1"))["verification"]["questions"]] == [None, None]
    view = await open_form(house, "U0ANA")
    assert initial(view, question_block(view, BASELINE)) is None


async def test_a_severity_that_is_not_named_is_resolved_without_more(database_url: str) -> None:
    async with open_house(database_url, policy(**RULES, severities=["P0"])) as house:
        await do(house, "declare P1 Checkout returns 500 for card payments", channel="general")
        assert "INC-1 is resolved" in await do(house, "resolve", channel=CHANNEL)


async def test_w10_a_severity_that_asks_whether_it_was_major_is_not_resolved_before_somebody_says(database_url: str) -> None:
    data = policy_data()
    data["severities"][1]["major_only"] = True
    async with open_house(database_url, make_policy(severities=data["severities"])) as house:
        await do(house, "declare P1 Checkout returns 500 for card payments", channel="general")
        assert "Nobody has said whether this P1 was major" in await do(house, "resolve rolled back", channel=CHANNEL)
        status, refused = await api(house, "resolve", override="no time")
        assert (status, [reason["code"] for reason in refused["reasons"]]) == (409, ["major"])
        view = await open_form(house, "U0ANA")
        assert "Was this P1 major?" in shown(view)
        assert "INC-1 is resolved" in await do(house, "resolve minor one shop only", channel=CHANNEL)
        assert (await house.show("INC-1"))["major"] is False
        assert "Ana resolved the incident, not a major one: one shop only" in await do(house, "timeline", channel=CHANNEL)
