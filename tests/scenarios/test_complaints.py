"""What users of other responders complain about, each by its number; 1 and 3 are told with real kills in tests/faults."""

from __future__ import annotations

from datetime import timedelta

from bot.sandbox import Fault
from bot.services import timers
from tests.house import House, alert, open_house
from tests.policies import ANA, BEN, TIM, make_policy

CHANNEL = "inc-1-checkout-returns-500-for-card-payments"


async def test_complaint_2_a_timer_that_is_an_hour_late_still_fires_and_says_so(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    house.clock.advance(timedelta(hours=1))
    house.bot.database.wakes.set("timers")
    await house.settle()
    said = "\n".join(house.said(CHANNEL))
    assert "missed" in said.lower()
    assert await house.bot.services.read(timers.overdue, timedelta(seconds=1)) == 0


async def test_complaint_5_no_page_comes_after_the_acknowledgement(house: House) -> None:
    await house.post_alert(alert())
    await house.travel(minutes=3)
    before = [len(house.texts(number)) for number in (TIM, ANA, BEN)]
    await house.sandbox.slack.command("U0BEN", "ack", channel=CHANNEL)
    await house.travel(minutes=10)
    assert [len(house.texts(number)) for number in (TIM, ANA, BEN)] == before


async def test_complaint_5_a_page_that_waits_when_somebody_acknowledges_is_not_sent(house: House) -> None:
    house.sandbox.faults.add(Fault("twilio", "ratelimited", times=1))
    await house.post_alert(alert())
    await house.eventually(lambda: [r for r in house.sandbox.requests if r.peer == "twilio"], "the first attempt")
    await house.eventually(
        lambda: any(c.name == CHANNEL and c.pins for c in house.sandbox.slack.channels.values()), "the incident's channel"
    )
    await house.sandbox.slack.command("U0BEN", "ack", channel=CHANNEL)
    await house.settle()
    assert house.texts(TIM) == []
    assert len([r for r in house.sandbox.requests if r.peer == "twilio"]) == 1


async def test_complaint_6_a_level_without_anybody_is_passed_over_at_once(database_url: str) -> None:
    chain = [{"who": ["vic"], "delay": "5m"}, {"who": ["ana"], "delay": "5m"}]
    async with open_house(database_url, make_policy(chain=chain)) as house:
        await house.post_alert(alert())
        await house.settle()
        assert len(house.texts(ANA)) == 1
        assert any("level 1" in text.lower() for text in house.said(CHANNEL))


async def test_complaint_10_the_form_is_open_before_the_database_is_asked(house: House) -> None:
    async with house.bot.database.write_gate():
        answer = await house.sandbox.slack.command("U0ANA", "declare")
        assert answer.status == 200
        await house.eventually(lambda: house.sandbox.slack.open_views("U0ANA"), "the skeleton")
    opened = [request for request in house.sandbox.requests if request.name == "views.open"]
    assert [request.error for request in opened] == [None]


async def test_complaint_13_a_redelivered_event_is_taken_once(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    await house.sandbox.slack.say("U0BEN", CHANNEL, "said only once")
    for number in (1, 2, 3):
        again = await house.sandbox.slack.redeliver(house.sandbox.slack.last_event_id, number)
        assert again.status == 200
    await house.sandbox.slack.command("U0ANA", "resolve", channel=CHANNEL)
    await house.settle()
    assert house.sandbox.slack.files[0].content.decode().count("said only once") == 1


async def test_complaint_13_a_post_whose_answer_was_lost_is_found_and_not_posted_again(house: House) -> None:
    house.sandbox.faults.add(Fault("slack", "drop_after", name="chat.postMessage", times=2))
    house.sandbox.faults.add(Fault("slack", "drop_after", name="conversations.create", times=1))
    await house.post_alert(alert())
    await house.eventually(lambda: any(c.pins for c in house.sandbox.slack.channels.values()), "the pinned card")
    await house.settle()
    channels = [channel for channel in house.sandbox.slack.channels.values() if channel.name.startswith("inc-")]
    assert [channel.name for channel in channels] == [CHANNEL]
    assert len([m for m in channels[0].messages if m.text.startswith("[P0]")]) == 1


async def test_complaint_14_a_failed_announcement_aborts_nothing(house: House) -> None:
    announce = house.sandbox.slack.channel("alerts-critical")
    announce.archived = True
    await house.post_alert(alert())
    await house.settle()
    channel = house.sandbox.slack.channel(CHANNEL)
    assert channel.pins
    assert channel.bookmarks
    assert len(house.texts(TIM)) == 1


async def test_complaint_15_an_announce_channel_that_we_cannot_see_stops_neither_start_nor_incident(database_url: str) -> None:
    async with open_house(database_url, make_policy(announce="a-private-channel")) as house:
        await house.post_alert(alert())
        await house.settle()
        assert house.sandbox.slack.channel(CHANNEL).pins
        assert any("a-private-channel" in text for text in house.said(CHANNEL)), "it is said where somebody will see it"


async def test_complaint_16_an_acknowledgement_by_text_shows_in_slack(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    await house.sandbox.phones.reply(TIM, "Ack")
    await house.settle()
    assert any("cknowledged by Tim" in text and "SMS" in text for text in house.said(CHANNEL))


async def test_complaint_18_repeats_count_up_and_open_nothing(house: House) -> None:
    for _ in range(5):
        assert (await house.post_alert(alert())).status == 202
    await house.settle()
    assert len([c for c in house.sandbox.slack.channels.values() if c.name.startswith("inc-")]) == 1
    shown = await house.show("INC-1")
    assert [found["count"] for found in shown["alerts"]] == [5]


async def test_complaint_21_what_the_bot_says_itself_does_not_reset_the_update_clock(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    await house.sandbox.slack.command("U0TIM", "ack", channel=CHANNEL)
    await house.sandbox.slack.command("U0TIM", "note looking at the graphs", channel=CHANNEL)
    await house.travel(minutes=13)
    assert any("status update" in text for text in house.said(CHANNEL)), "warned at 80 %"
    await house.travel(minutes=3)
    promise = next(p for p in (await house.show("INC-1"))["promises"] if p["clock"] == "update")
    assert promise["missed_at"] is not None
    assert promise["kept_at"] is None


async def test_complaint_22_an_exhausted_chain_says_so_loudly_and_begins_again(house: House) -> None:
    await house.post_alert(alert())
    await house.travel(minutes=7)
    assert any("nobody has answered" in text.lower() for text in house.said(CHANNEL))
    assert any("nobody has answered" in text.lower() for text in house.said("alerts-critical"))
    assert len(house.texts(TIM)) >= 3, "it begins again with the first level"


async def test_a_page_that_was_not_delivered_moves_on_at_once(house: House) -> None:
    house.sandbox.phones.behave(TIM, "undelivered", 30003)
    await house.post_alert(alert())
    await house.eventually(lambda: house.texts(ANA), "the next level")
    assert house.clock.speed == 0, "no time has passed"


async def test_slack_is_not_in_the_paging_path(house: House) -> None:
    house.sandbox.faults.down.add("slack")
    await house.post_alert(alert())
    await house.eventually(lambda: house.texts(TIM), "the page, with Slack dead")
    await house.sandbox.phones.reply(TIM, "ack")
    shown = await house.show("INC-1")
    assert (shown["owner"], shown["acknowledged_via"]) == ("Tim", "SMS")
    house.sandbox.faults.clear()
    await house.eventually(lambda: any(c.pins for c in house.sandbox.slack.channels.values()), "the channel, when Slack is back")


async def test_a_recovered_alert_neither_closes_nor_reopens_and_an_old_firing_does_nothing(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    await house.post_alert(alert("resolved"))
    await house.settle()
    assert (await house.show("INC-1"))["status"] == "Investigating"
    await house.post_alert(alert())
    await house.settle()
    shown = await house.show("INC-1")
    assert [(found["status"], found["count"]) for found in shown["alerts"]] == [("resolved", 1)]
    card = next(m for m in house.sandbox.slack.channel(CHANNEL).messages if m.text.startswith("[P0]"))
    assert "recovered" in str(card.blocks)


async def test_a_reply_from_a_number_that_nobody_has_gets_silence_and_one_that_was_not_paged_a_sentence(house: House) -> None:
    stranger = await house.sandbox.phones.reply("+14155550199", "7")
    assert (stranger.status, "<Message>" in stranger.body) == (200, False)
    refused = await house.sandbox.phones.reply(BEN, "7")
    assert "not paged" in refused.body
