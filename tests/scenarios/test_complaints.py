"""What users of other responders complain about, each by its number; 1 and 3 are told with real kills in tests/faults."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.sandbox import Fault, events
from bot.sandbox.workspace import Message
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


async def test_complaint_7_a_person_without_any_contact_is_passed_over_and_the_rest_of_the_level_is_called(database_url: str) -> None:
    chain = [{"who": ["vic", "tim"], "delay": "2m"}, {"who": ["ana"], "delay": "2m"}]
    async with open_house(database_url, make_policy(chain=chain)) as house:
        await house.post_alert(alert())
        await house.travel(minutes=1, seconds=59)
        assert (len(house.texts(TIM)), house.texts(ANA)) == (1, []), "nobody above is called because somebody has no phone"
        assert any("no way to reach Vic" in text for text in house.said(CHANNEL))


@pytest.mark.parametrize("typed", ["{}a", "{} a", "ack", "Ack {} ", "ack {}", "'{}'", "{}", " ACK. "])
async def test_complaint_9_an_acknowledgement_counts_however_it_is_typed(house: House, typed: str) -> None:
    await house.post_alert(alert())
    await house.settle()
    code = house.texts(TIM)[0].partition("#")[2].partition("]")[0]
    await house.sandbox.phones.reply(TIM, typed.format(code))
    shown = await house.show("INC-1")
    assert (shown["owner"], shown["acknowledged_via"]) == ("Tim", "SMS")


async def test_complaint_10_the_form_is_open_before_the_database_is_asked(house: House) -> None:
    async with house.bot.database.write_gate():
        answer = await house.sandbox.slack.command("U0ANA", "declare")
        assert answer.status == 200
        await house.eventually(lambda: house.sandbox.slack.open_views("U0ANA"), "the skeleton")
    opened = [request for request in house.sandbox.requests if request.name == "views.open"]
    assert [request.error for request in opened] == [None]


async def test_complaint_12_a_limit_on_one_channel_delays_no_other_incident(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    first = house.sandbox.slack.channel(CHANNEL)
    house.sandbox.faults.add(Fault("slack", "ratelimited", name="chat.postMessage", channel=first.id, retry_after="300", times=None))
    await house.sandbox.slack.command("U0ANA", "update still looking", channel=CHANNEL)
    await house.post_alert(alert(fingerprint="f2", alertname="QueueStuck"))
    await house.settle()
    second = next(c for c in house.sandbox.slack.channels.values() if c.name.startswith("inc-2-"))
    assert second.pins and second.bookmarks
    assert any("ringing Tim" in message.text for message in second.messages)
    assert len(house.texts(TIM)) == 2
    assert not any("still looking" in text for text in house.said(CHANNEL))


async def test_complaint_12_a_workspace_of_thousands_of_channels_is_listed_once_and_nobody_waits_for_it(house: House) -> None:
    for place in range(3000):
        house.sandbox.state.create(f"team-{place}", "U0VIC")
    house.sandbox.faults.add(Fault("slack", "ratelimited", name="conversations.list", retry_after="1", times=1))
    await house.post_alert(alert())
    await house.eventually(lambda: [c for c in house.sandbox.slack.channels.values() if c.name == CHANNEL and c.bookmarks], "its card")
    assert len(house.texts(TIM)) == 1
    await house.eventually(lambda: any("[P0]" in text for text in house.said("alerts-critical")), "the announcement, after the pause")
    await house.post_alert(alert(fingerprint="f2", alertname="QueueStuck"))
    await house.settle()
    listed = [request for request in house.sandbox.requests if request.name == "conversations.list"]
    assert len(listed) <= 1 + 4, "one refusal, then each page of the listing once for all incidents"


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


async def test_complaint_13_an_event_that_comes_with_all_its_retries_at_once_has_one_effect(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    channel = house.sandbox.slack.channel(CHANNEL)
    slack = house.sandbox.slack
    message = Message(slack.state.new_ts(), "U0BEN", "it was the cache")
    channel.messages.append(message)
    answers = await slack.event_with_retries(events.posted(slack.state, channel, message))
    assert [answer.status for answer in answers] == [200] * 4
    await slack.event_with_retries(events.about(slack.state, channel, "archive", "U0BEN"))
    await house.settle()
    assert len([c for c in slack.channels.values() if c.name.startswith("inc-")]) == 2, "one channel took its place"
    await slack.command("U0ANA", "resolve", channel=f"{CHANNEL}-2")
    await house.settle()
    assert slack.files[0].content.decode().count("it was the cache") == 1


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


async def test_complaint_19_times_are_corrected_days_are_dated_and_edits_and_deletions_followed(house: House) -> None:
    slack = house.sandbox.slack
    await house.post_alert(alert())
    await house.settle()
    for words in ("ack", "at yesterday 23:50 deployed 1.4.2", "at yesterday 23:55 started"):
        assert (await slack.command("U0ANA", words, channel=CHANNEL)).status == 200
    wrong = await slack.say("U0BEN", CHANNEL, "it is the database")
    await slack.edit("U0BEN", CHANNEL, wrong.ts, "it is the cache")
    regretted = await slack.say("U0BEN", CHANNEL, "Vic did it")
    await slack.delete("U0BEN", CHANNEL, regretted.ts)
    house.clock.advance(timedelta(hours=26))
    for words in ("note the last node is patched", "at 14:05 ended", "resolve patched"):
        assert (await slack.command("U0ANA", words, channel=CHANNEL)).status == 200
    await house.settle()
    text = next(file for file in slack.files if file.filename.endswith(".md")).content.decode()
    assert "Started: 2026-11-19 23:55 PT / 2026-11-20 07:55 UTC (corrected by Ana, first said 2026-11-20 14:05 PT" in text
    assert "Ended: 2026-11-21 14:05 PT" in text
    days = [text.index(f"### 2026-11-{day} (PT)") for day in (19, 20, 21)]
    assert days[0] < text.index("deployed 1.4.2") < days[1] < days[2] < text.index("the last node is patched")
    for told in ("it is the cache", "(edited later)", "(deleted later)"):
        assert told in text
    assert "23:55 PT" in next(m.text for m in slack.channel(CHANNEL).messages if m.text.startswith("[P0]")), "the card follows"


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
