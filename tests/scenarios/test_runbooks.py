"""Runbooks come with their alerts, are ticked onto the timeline, escalate, and ask to be better afterwards (O6, O7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.outbox import Kind
from bot.sandbox import Fault
from bot.sandbox.workspace import Message
from tests.house import SECRETS, House, alert, open_house
from tests.policies import BEN, TIM, make_policy, policy_data
from tests.scenarios.outage import failures, pass_real_time
from tests.scenarios.responders import declare, do, postmortem, sentence, shown

CHANNEL = "inc-1-checkout-returns-500-for-card-payments"
API = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
TEXT = """# High error rate

## Diagnosis

### Step 1: Find which endpoints fail
```bash
curl -G http://prometheus/api/v1/query # 1. not a step
```

### Step 2: Check recent deployments <!channel>

## Afterwards
- [ ] Write the report, @channel
"""
RUNBOOKS = {
    "errors": {"title": "High error rate", "file": "errors.md", "text": TEXT},
    "queue": {"title": "Queue backlog", "link": "https://wiki.example.com/queue?a=1"},
    "spare": {"title": "Spare", "file": "spare.md", "text": "1. Look\n2. Act\n"},
}


def policy(**changes: Any) -> Any:
    """The policy of the tests, whose routes name runbooks."""
    critical, warning = policy_data()["routes"]
    queue = {"name": "queue", "match": {"alertname": "Queue"}, "action": "join", "by": ["job"], "runbook": "queue"}
    routes = [queue, {**critical, "by": ["job"], "runbook": "errors"}, warning]
    return make_policy(**{"routes": routes, "runbooks": RUNBOOKS} | changes)


LONG_TEXT = "1. Look <!here>\n" * 5_000 + "é" * 10_000
LONG = policy(runbooks={**RUNBOOKS, "errors": {"title": "Long", "file": "errors.md", "text": LONG_TEXT}})
ESCALATION = [{"after": "15m", "who": ["ben"]}, {"after": "30m", "who": ["tim"]}]
ESCALATING = policy(runbooks={**RUNBOOKS, "errors": {**RUNBOOKS["errors"], "escalation": ESCALATION}})
MANY = policy(
    runbooks={f"r{number}": {"title": f"Runbook {number}", "file": "r.md", "text": "1. Look"} for number in range(11)},
    routes=[
        {"name": f"r{n}", "match": {"alertname": f"A{n}"}, "action": "declare", "severity": "P0", "by": ["job"], "runbook": f"r{n}"}
        for n in range(11)
    ],
)


@pytest.fixture(params=[False, True], ids=["http", "socket"])
async def house(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[House]:
    """A house with runbooks; a policy in place of the mode names another one."""
    other, socket_mode = (None, request.param) if isinstance(request.param, bool) else (request.param, False)
    async with open_house(database_url, other or policy(), socket_mode=socket_mode) as opened:
        yield opened


async def fire(house: House, name: str = "CheckoutErrors", fingerprint: str = "f1") -> None:
    await house.post_alert(alert(fingerprint=fingerprint, alertname=name, job="checkout"))
    await house.settle()


def checklists(house: House, channel: str = CHANNEL) -> list[Message]:
    return [message for message in house.sandbox.slack.channel(channel).messages if message.text.startswith("Steps of")]


def steps(message: Message) -> list[str]:
    """The steps as they can be read."""
    return [block["text"]["text"] for block in message.blocks if "accessory" in block]


async def click(house: House, user: str, number: int, message: Message | None = None) -> None:
    """Presses the button of a step."""
    message = message or checklists(house)[0]
    accessory = [block["accessory"] for block in message.blocks if "accessory" in block][number - 1]
    await house.sandbox.slack.click(user, CHANNEL, message.ts, accessory["action_id"], accessory["value"])
    await house.settle()


async def test_an_alert_brings_its_runbook_with_steps_to_tick(house: House) -> None:
    await fire(house)
    said = next(m for m in house.sandbox.slack.channel(CHANNEL).messages if m.text == "Runbook of INC-1: High error rate")
    assert "Never used before." in shown(said) and "```\\ncurl -G" in shown(said)
    assert "&lt;!channel&gt;" in shown(said) and "<!channel>" not in shown(said)
    (listed,) = checklists(house)
    deployments = "☐ 2. Check recent deployments &lt;!channel&gt;"
    assert steps(listed) == ["☐ 1. Find which endpoints fail", deployments, "☐ 3. Write the report, @channel"]
    assert "Muster showed the runbook: High error rate" in await do(house, "timeline", channel=CHANNEL)


async def test_a_tick_stands_on_the_timeline_and_the_message_is_changed_in_place(house: House) -> None:
    await fire(house)
    await click(house, "U0ANA", 2)
    await sentence(house, "U0ANA", "Step 2 of High error rate is ticked")
    (listed,) = checklists(house)
    assert listed.text == "Steps of High error rate: 1 of 3 ticked"
    assert steps(listed)[1].startswith("☑ 2. Check recent deployments &lt;!channel&gt; - Ana, 14:05 PT")
    assert "Ana ticked step 2 of High error rate: Check recent deployments &lt;!channel&gt;" in await do(house, "timeline", channel=CHANNEL)
    await click(house, "U0BEN", 2)
    assert steps(checklists(house)[0])[1] == "☐ 2. Check recent deployments &lt;!channel&gt;"
    assert "Ben took back the tick of step 2" in await do(house, "timeline", channel=CHANNEL)


async def test_an_alert_of_another_route_brings_its_own_runbook_once(house: House) -> None:
    await fire(house)
    await fire(house, "Queue", "f2")
    await fire(house, "Queue", "f3")
    await fire(house, fingerprint="f4")
    said = [message for message in house.sandbox.slack.channel(CHANNEL).messages if message.text.startswith("Runbook of INC-1")]
    assert [message.text for message in said] == ["Runbook of INC-1: High error rate", "Runbook of INC-1: Queue backlog"]
    assert "<https://wiki.example.com/queue?a=1|wiki.example.com>" in shown(said[1])
    assert [steps(message) for message in checklists(house)][1] == ["☐ 1. Work through Queue backlog"]


async def test_steps_are_listed_ticked_and_taken_back_by_command(house: House) -> None:
    await fire(house)
    assert "Step 2 of High error rate is ticked" in await do(house, "runbook 2", channel=CHANNEL)
    listed = await do(house, "runbook", user="U0VIC", channel=CHANNEL)
    assert "☐ 1. Find which endpoints fail" in listed and "☑ 2. Check recent deployments" in listed and "- Ana, 14:05 PT" in listed
    assert "`/incident runbook NAME` shows another one here: queue, spare" in listed
    assert "was ticked by Ana at 14:05 PT / 22:05 UTC already" in await do(house, "runbook 2", user="U0BEN", channel=CHANNEL)
    assert "is open again" in await do(house, "runbook untick 2", user="U0BEN", channel=CHANNEL)
    assert "is not ticked" in await do(house, "runbook untick 2", channel=CHANNEL)
    assert "is ticked" in await do(house, "runbook INC-1 errors 3", channel="general")
    assert checklists(house)[0].text == "Steps of High error rate: 1 of 3 ticked"
    timeline = await do(house, "timeline", channel=CHANNEL)
    assert (timeline.count("ticked step"), timeline.count("took back the tick")) == (2, 1), "what changed nothing is not written down"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("runbook 4", "High error rate has the steps 1 to 3"),
        ("runbook 0", "High error rate has the steps 1 to 3"),
        ("runbook queue 1", "INC-1 has no runbook 'queue'. It has errors."),
        ("runbook nothing", "There is no runbook 'nothing'. Name one of errors, queue, spare."),
        ("runbook errors", "High error rate is in the channel already"),
        ("runbook please tick 2", "ticks step 2"),
        ("runbook 99999999999", "There is no runbook '99999999999'"),
        ("runbook <!channel>", "There is no runbook"),
    ],
)
async def test_what_cannot_be_ticked_or_shown_gets_a_sentence(house: House, typed: str, expected: str) -> None:
    await fire(house)
    before = len(house.said(CHANNEL))
    answer = await do(house, typed, channel=CHANNEL)
    assert expected in answer and "<!channel>" not in answer
    assert len(house.said(CHANNEL)) == before


async def test_of_several_runbooks_the_one_that_is_meant_has_to_be_named(house: House) -> None:
    await fire(house)
    await fire(house, "Queue", "f2")
    assert "several runbooks: errors, queue. Name it first, for example `/incident runbook errors 2`" in await do(
        house, "runbook 1", channel=CHANNEL
    )
    assert "Step 1 of Queue backlog is ticked" in await do(house, "runbook queue 1", channel=CHANNEL)
    assert [message.text for message in checklists(house)] == [
        "Steps of High error rate: 0 of 3 ticked",
        "Steps of Queue backlog: 1 of 1 ticked",
    ]


async def test_who_may_only_read_ticks_nothing(house: House) -> None:
    await fire(house)
    assert "which cannot change incidents" in await do(house, "runbook 1", user="U0VIC", channel=CHANNEL)
    await click(house, "U0VIC", 1)
    await sentence(house, "U0VIC", "which cannot change incidents")
    assert "which cannot change incidents" in await do(house, "runbook spare", user="U0VIC", channel=CHANNEL)
    assert checklists(house)[0].text == "Steps of High error rate: 0 of 3 ticked"


async def test_an_incident_that_somebody_declared_can_be_shown_a_runbook(house: House) -> None:
    await declare(house)
    channel = "inc-1-checkout-returns-500"
    assert "No alert of INC-1 names a runbook." in await do(house, "runbook", channel=channel)
    assert "No runbook was shown in INC-1" in await do(house, "runbook 1", channel=channel)
    assert "Spare comes to the channel" in await do(house, "runbook spare", channel=channel)
    assert steps(checklists(house, channel)[0]) == ["☐ 1. Look", "☐ 2. Act"]
    assert "Ana showed the runbook: Spare" in await do(house, "timeline", channel=channel)


async def test_alerts_that_are_put_into_an_incident_by_hand_or_by_merging_bring_their_runbooks(house: House) -> None:
    await declare(house)
    channel = "inc-1-checkout-returns-500"
    await fire(house, "Queue", "f2")
    async with house.http.get(f"{house.bot.url}/api/v1/alerts", headers=API) as response:
        waiting = [one["id"] for one in (await response.json())["alerts"]]
    async with house.http.post(f"{house.bot.url}/api/v1/incidents/INC-1/attach", json={"alerts": waiting}, headers=API) as response:
        assert response.status == 200
    await house.settle()
    assert [message.text for message in checklists(house, channel)] == ["Steps of Queue backlog: 0 of 1 ticked"]
    await fire(house)
    await do(house, "merge INC-2 INC-1", channel="general")
    assert [message.text.split(":")[0] for message in checklists(house, channel)] == ["Steps of Queue backlog", "Steps of High error rate"]
    gone = "inc-2-checkout-returns-500-for-card-payments"
    assert "INC-2 was merged into INC-1. Do it there." in await do(house, "runbook 1", channel=gone)


async def test_when_it_was_last_used_is_said_and_a_private_incident_is_not_named(house: House) -> None:
    await fire(house)
    await do(house, "runbook 1", channel=CHANNEL)
    await do(house, "resolve", channel=CHANNEL)
    await house.travel(days=3)
    await declare(house)
    second = "inc-2-checkout-returns-500"
    await do(house, "runbook errors", channel=second)
    said = next(m for m in house.sandbox.slack.channel(second).messages if m.text.startswith("Runbook of INC-2"))
    assert "Last used in INC-1 on 2026-11-20 14:05 PT / 22:05 UTC." in shown(said)
    await declare(house, "private P1 Secret matter")
    await do(house, "runbook INC-3 errors", channel="general")
    await do(house, "runbook INC-3 2", channel="general")
    assert "Last used on 2026-11-23" in await do(house, "runbook", channel=second)
    assert "INC-3" not in await do(house, "runbook", channel=second)


async def test_steps_can_be_ticked_after_the_end_and_no_runbook_is_shown_then(house: House) -> None:
    await fire(house)
    await do(house, "resolve", channel=CHANNEL)
    assert "Step 3 of High error rate is ticked" in await do(house, "runbook 3", channel=CHANNEL)
    assert "Ana ticked step 3" in await postmortem(house, CHANNEL)
    assert "INC-1 is resolved" in await do(house, "runbook spare", channel=CHANNEL)


async def test_steps_that_somebody_deleted_are_posted_anew_with_the_next_tick(house: House) -> None:
    await fire(house)
    (listed,) = checklists(house)
    await house.sandbox.slack.delete("U0MUSTER", CHANNEL, listed.ts)
    await do(house, "runbook 1", channel=CHANNEL)
    (again,) = checklists(house)
    assert again.ts != listed.ts and steps(again)[0].startswith("☑ 1.")
    await click(house, "U0BEN", 2)
    assert checklists(house)[0].text == "Steps of High error rate: 2 of 3 ticked"
    assert await failures(house, Kind.CHECKLIST_EDIT) == []


async def test_a_channel_that_takes_the_place_of_a_lost_one_gets_the_steps_with_the_next_tick(house: House) -> None:
    await fire(house)
    await house.sandbox.slack.delete_channel(CHANNEL)
    await house.settle()
    await do(house, "runbook INC-1 1", channel="general")
    (listed,) = checklists(house, f"{CHANNEL}-2")
    assert listed.text == "Steps of High error rate: 1 of 3 ticked"


@pytest.mark.parametrize("house", [LONG], indirect=True, ids=["long"])
async def test_a_runbook_that_is_too_long_comes_as_a_file_and_its_steps_are_bounded(house: House) -> None:
    await fire(house)
    (file,) = [file for file in house.sandbox.slack.files if file.filename == "errors.md"]
    assert file.content.decode() == LONG_TEXT
    (listed,) = checklists(house)
    assert len(steps(listed)) == 40
    assert "and 4960 more, in the text" in shown(listed)
    assert "1 to 40" in await do(house, "runbook 41", channel=CHANNEL)
    assert await failures(house) == []


@pytest.mark.parametrize("house", [MANY], indirect=True, ids=["many"])
async def test_a_storm_of_routes_shows_eight_runbooks_and_names_the_others(house: House) -> None:
    for number in range(11):
        await fire(house, f"A{number}", f"f{number}")
    assert len(checklists(house)) == 8
    assert any("more runbooks than are shown: Runbook 8" in text for text in house.said(CHANNEL))


@pytest.mark.parametrize("house", [ESCALATING], indirect=True, ids=["escalating"])
async def test_a_runbook_escalates_by_itself_until_it_is_over(house: House) -> None:
    await fire(house)
    await do(house, "ack", channel=CHANNEL)
    await house.travel(minutes=14)
    assert house.texts(BEN) == []
    await house.travel(minutes=2)
    assert len(house.texts(BEN)) == 1, "called at 15 minutes, by the roads of the severity"
    await do(house, "resolve", channel=CHANNEL)
    before = len(house.texts(TIM))
    await house.travel(hours=1)
    assert len(house.texts(TIM)) == before, "resolved: the step at 30 minutes calls nobody"
    await do(house, "reopen", channel=CHANNEL)
    await do(house, "ack", channel=CHANNEL)
    before = len(house.texts(BEN))
    await house.travel(minutes=14)
    assert len(house.texts(BEN)) == before, "counted from the reopening"
    await house.travel(minutes=2)
    assert len(house.texts(BEN)) > before


async def test_after_an_outage_the_steps_are_a_message_of_their_own_that_can_be_ticked(house: House) -> None:
    house.sandbox.faults.script = [Fault("slack", "status", status=503, times=None)]
    await fire(house)
    for number in range(3):
        await do(house, f"update INC-1 still looking {number}", channel="general")
    await do(house, "runbook INC-1 1", channel="general")
    await house.travel(minutes=5)
    house.sandbox.faults.clear()
    for _ in range(3):
        await pass_real_time(house, minutes=6)
    (listed,) = checklists(house)
    assert listed.text == "Steps of High error rate: 1 of 3 ticked"
    await click(house, "U0BEN", 2)
    assert checklists(house)[0].text == "Steps of High error rate: 2 of 3 ticked"


async def test_the_same_can_be_done_over_http(house: House) -> None:
    await fire(house)
    await fire(house, "Queue", "f2")
    url = f"{house.bot.url}/api/v1/incidents/INC-1/runbooks"
    async with house.http.post(f"{url}/tick", json={"step": 1, "runbook": "errors"}, headers=API) as response:
        ticked = await response.json()
    assert ticked["changed"] is True
    assert ticked["runbooks"][0]["steps"][0]["ticked_by"] == "Ana"
    async with house.http.post(f"{url}/tick", json={"step": 1, "runbook": "errors", "ticked": False}, headers=API) as response:
        assert (await response.json())["changed"] is True
    async with house.http.post(f"{url}/tick", json={"step": 1}, headers=API) as response:
        assert (response.status, (await response.json())["code"]) == (400, "malformed")
    async with house.http.get(url, headers=API) as response:
        found = (await response.json())["runbooks"]
    assert [(one["key"], one["link"], len(one["steps"]), one["last_used"]) for one in found] == [
        ("errors", None, 3, None),
        ("queue", "https://wiki.example.com/queue?a=1", 1, None),
    ]
