"""What wakes nobody: alerts that wait, alerts that are expected, and two incidents that were one."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientResponse

from bot.messages import actions
from tests.house import SECRETS, House, alert
from tests.policies import TIM
from tests.scenarios.responders import CHANNEL, declare, do, shown

SECOND = "inc-2-payments-fail"
API = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}


async def ask(house: House, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    async with house.http.request(method, f"{house.bot.url}/api/v1{path}", json=body, headers=API) as response:
        found: dict[str, Any] = await response.json()
    await house.settle()
    return response.status, found


async def outcome(house: House, taken: ClientResponse) -> dict[str, Any]:
    url = (await taken.json())["url"]
    await house.settle()
    async with house.http.get(f"{house.bot.url}{url}") as response:
        found: dict[str, Any] = (await response.json())["outcome"][0]
        return found


async def test_an_expected_alert_calls_nobody_and_says_whose_silence_it_was(house: House) -> None:
    await do(house, "silence 2h alertname=Checkout* the new gateway goes live", channel="general")
    told = await outcome(house, await house.post_alert(alert()))
    assert (told["disposition"], told["incident"]) == ("silenced", None)
    assert "silence 1 of Ana: the new gateway goes live" in told["reason"]
    assert house.texts(TIM) == []


async def test_what_still_fires_when_the_silence_ends_is_taken_like_new(house: House) -> None:
    await do(house, "silence 1h alertname=Checkout* the new gateway goes live", channel="general")
    await house.post_alert(alert())
    await do(house, "silence end 1", user="U0BEN", channel="general")
    told = await outcome(house, await house.post_alert(alert()))
    assert told["incident"] == "INC-1", "whether the clock was first or the monitor"
    assert len(house.texts(TIM)) == 1


async def test_what_is_silenced_can_be_seen_and_a_wrong_line_says_how(house: House) -> None:
    assert "Nothing is silenced" in await do(house, "silence", channel="general")
    await do(house, "silence 2h service=checkout the new gateway goes live", channel="general")
    listed = await do(house, "silence", channel="general")
    assert "service=checkout" in listed and "the new gateway goes live" in listed and "Ana" in listed
    assert "Say for how long" in await do(house, "silence service=checkout", channel="general")
    assert "silence everything" in await do(house, "silence 2h service=* because", channel="general")
    assert "There is no silence 9" in await do(house, "silence end 9", channel="general")


async def test_who_may_only_read_silences_nothing(house: House) -> None:
    answer = await do(house, "silence 2h service=checkout because", user="U0VIC", channel="general")
    assert "cannot change incidents" in answer
    assert "Nothing is silenced" in await do(house, "silence", channel="general")


async def test_the_inbox_is_seen_in_slack_and_its_button_opens_an_incident(house: House) -> None:
    assert "The inbox is empty." in await do(house, "inbox", channel="general")
    told = await outcome(house, await house.post_alert(alert(severity="information")))
    assert told["disposition"] == "inbox"
    listed = await do(house, "inbox", channel="general")
    assert "1 alert waits in the inbox." in listed and actions.DECLARE_ALERT in listed
    await house.sandbox.slack.open_home("U0ANA")
    await house.settle()
    assert "What waits in the inbox" in shown(house.sandbox.slack.home("U0ANA"))
    _, waiting = await ask(house, "GET", "/alerts")
    await house.sandbox.slack.click_home("U0ANA", actions.DECLARE_ALERT, waiting["alerts"][0]["id"])
    await house.settle()
    _, opened = await ask(house, "GET", "/incidents")
    assert [one["reference"] for one in opened["incidents"]] == ["INC-1"]
    assert "The inbox is empty." in await do(house, "inbox", channel="general")


async def test_an_alert_that_deserves_nothing_is_dismissed_with_a_click(house: House) -> None:
    await house.post_alert(alert(severity="information"))
    await house.settle()
    _, waiting = await ask(house, "GET", "/alerts")
    await house.sandbox.slack.open_home("U0ANA")
    await house.settle()
    await house.sandbox.slack.click_home("U0ANA", actions.DISMISS_ALERT, waiting["alerts"][0]["id"])
    await house.settle()
    assert "The inbox is empty." in await do(house, "inbox", channel="general")
    assert "The inbox is empty." in shown(house.sandbox.slack.home("U0ANA"))
    assert (await ask(house, "POST", "/alerts/dismiss", {"alerts": ["nothing"]}))[0] == 404


def joining(house: House) -> dict[str, str]:
    """What the menu beside the one alert at Ana's home offers, with what choosing it sends."""
    home = house.sandbox.slack.home("U0ANA")
    assert home is not None
    elements = [one for block in home.body["blocks"] for one in block.get("elements", [])]
    (menu,) = [one for one in elements if one.get("action_id") == actions.ATTACH_ALERT]
    return {option["text"]["text"]: option["value"] for option in menu["options"]}


async def test_an_alert_of_the_inbox_joins_an_open_incident_by_the_menu_beside_it(house: House) -> None:
    await house.post_alert(alert(severity="information"))
    await house.settle()
    assert actions.ATTACH_ALERT not in await do(house, "inbox", channel="general"), "there is none to join yet"
    await do(house, "declare Disks fill up", channel="general")
    await do(house, "declare private Somebody reads along", user="U0BEN", channel="general")
    listed = await do(house, "inbox", channel="general")
    assert "INC-1 Disks fill up" in listed and "Somebody reads along" not in listed
    await house.sandbox.slack.open_home("U0ANA")
    await house.settle()
    await house.sandbox.slack.click_home("U0ANA", actions.ATTACH_ALERT, joining(house)["INC-1 Disks fill up"])
    await house.settle()
    assert "The inbox is empty." in shown(house.sandbox.slack.home("U0ANA"))
    assert "Checkout returns 500 for card payments" in await do(house, "timeline INC-1", channel="general")


async def test_an_old_menu_puts_no_alert_to_an_incident_that_is_over(house: House) -> None:
    await do(house, "declare Disks fill up", channel="general")
    await do(house, "declare Payments fail", channel="general")
    await house.post_alert(alert(severity="information"))
    await house.settle()
    await house.sandbox.slack.open_home("U0ANA")
    await house.settle()
    menu = joining(house)
    assert [menu["INC-2 Payments fail"], menu["INC-1 Disks fill up"]] == list(menu.values()), "the latest first"
    await ask(house, "POST", "/incidents/INC-1/resolve", {"text": "emptied"})
    await house.sandbox.slack.click_home("U0ANA", actions.ATTACH_ALERT, menu["INC-1 Disks fill up"])
    await house.settle()
    assert "1 alert waits in the inbox." in await do(house, "inbox", channel="general")


async def test_no_alert_is_put_to_an_incident_that_was_merged_away(house: House) -> None:
    await do(house, "declare Disks fill up", channel="general")
    await do(house, "declare Payments fail", channel="general")
    await do(house, "merge INC-1 INC-2", channel="general")
    await house.post_alert(alert(severity="information"))
    await house.settle()
    _, waiting = await ask(house, "GET", "/alerts")
    status, refused = await ask(house, "POST", "/incidents/INC-1/attach", {"alerts": [waiting["alerts"][0]["id"]]})
    assert (status, refused["message"]) == (400, "INC-1 was merged into INC-2. Do it there.")
    assert (await ask(house, "GET", "/alerts"))[1]["alerts"][0]["id"] == waiting["alerts"][0]["id"]


async def test_alerts_are_moved_in_bulk_over_the_api(house: House) -> None:
    for place in range(3):
        await house.post_alert(alert(fingerprint=f"f{place}", alertname=f"Disk{place}", severity="information"))
    await house.settle()
    _, waiting = await ask(house, "GET", "/alerts")
    ids = [one["id"] for one in waiting["alerts"]]
    status, made = await ask(house, "POST", "/alerts/declare", {"alerts": ids[:2], "title": "Disks fill up", "severity": "P1"})
    assert (status, made["reference"], made["title"]) == (200, "INC-1", "Disks fill up")
    status, _ = await ask(house, "POST", "/incidents/INC-1/attach", {"alerts": ids[2:]})
    assert status == 200
    status, refused = await ask(house, "POST", "/incidents/INC-1/attach", {"alerts": ["nothing"]})
    assert (status, refused["code"]) == (404, "not_found")
    status, _ = await ask(house, "POST", "/incidents/INC-1/detach", {"alerts": ids[:1]})
    _, waiting = await ask(house, "GET", "/alerts")
    assert (status, [one["id"] for one in waiting["alerts"]]) == (200, ids[:1])


async def test_silences_are_made_listed_and_ended_over_the_api(house: House) -> None:
    wish = {"match": {"service": ["checkout"]}, "span": "2h", "comment": "the new gateway goes live"}
    status, made = await ask(house, "POST", "/silences", wish)
    assert (status, made["number"], made["author"]) == (200, 1, "Ana")
    assert (await ask(house, "POST", "/silences", wish | {"span": "long"}))[0] == 400
    assert (await ask(house, "POST", "/silences", wish | {"match": {"service": ["*"]}}))[0] == 400
    _, listed = await ask(house, "GET", "/silences")
    assert [one["number"] for one in listed["silences"]] == [1]
    assert (await ask(house, "POST", "/silences/1/end", {}))[0] == 200
    assert (await ask(house, "POST", "/silences/one/end", {}))[0] == 400
    assert (await ask(house, "GET", "/silences"))[1]["silences"] == []


async def test_two_incidents_that_were_one_are_merged_from_the_channel(house: House) -> None:
    await declare(house)
    await declare(house, "P0 Payments fail")
    assert "Name the incident that goes on" in await do(house, "merge")
    assert "It goes on as INC-2." in await do(house, "merge INC-2")
    assert any("merged INC-1 into INC-2" in text for text in house.said(CHANNEL))
    assert any("merged INC-1" in text for text in house.said(SECOND))
    _, gone = await ask(house, "GET", "/incidents/INC-1")
    assert gone["status"] == "Resolved"
    assert "is resolved" in await do(house, "merge INC-2")
