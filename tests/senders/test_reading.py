"""Asking Twilio and Slack: what is read, and what a refusal or a silence means."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import aiohttp
import pytest

from bot.errors import SendError
from bot.sandbox import Sandbox
from bot.senders.slack_history import SlackHistory
from bot.senders.twilio_inbox import TwilioInbox
from tests.senders.conftest import Peer

TIM, ANA = "+14155550101", "U0ANA"
SOME_SID = "SM" + "0" * 32


@pytest.fixture
def inbox(sandbox: Sandbox, session: aiohttp.ClientSession) -> TwilioInbox:
    world = sandbox.settings
    account = {"account_sid": world.twilio_account_sid, "auth_token": world.twilio_auth_token}
    return TwilioInbox(**account, api_url=sandbox.twilio_api_url, session=session)


def inbox_of_peer(peer: Peer, session: aiohttp.ClientSession) -> TwilioInbox:
    return TwilioInbox(account_sid="AC" + "0" * 32, auth_token="token", api_url=peer.url, session=session)


@pytest.fixture
def history(sandbox: Sandbox, session: aiohttp.ClientSession) -> SlackHistory:
    return SlackHistory(token=sandbox.settings.bot_token, api_url=sandbox.slack_api_url, session=session)


def today() -> date:
    return datetime.now(UTC).date()


async def test_replies_are_listed_oldest_first_and_what_we_sent_is_not(sandbox: Sandbox, inbox: TwilioInbox) -> None:
    ours = sandbox.settings.twilio_from
    sandbox.phones.webhooks = False
    for text in ("one", "two"):
        await sandbox.phones.reply(TIM, text)
    listed = await inbox.received(ours, today() - timedelta(days=1))
    assert [(message.sender, message.text) for message in listed] == [(TIM, "one"), (TIM, "two")]
    assert len({message.sid for message in listed}) == 2
    assert all(message.sent_at is not None and message.sent_at.tzinfo is not None for message in listed)
    assert await inbox.received(ours, today() + timedelta(days=2)) == []


async def test_a_number_of_whatsapp_has_an_inbox_of_its_own(sandbox: Sandbox, inbox: TwilioInbox) -> None:
    sandbox.phones.webhooks = False
    await sandbox.phones.reply(TIM, "by sms")
    await sandbox.phones.reply(TIM, "by whatsapp", channel="whatsapp")
    listed = await inbox.received(f"whatsapp:{sandbox.settings.whatsapp_from}", today() - timedelta(days=1))
    assert [(message.sender, message.text) for message in listed] == [(f"whatsapp:{TIM}", "by whatsapp")]


async def test_a_sid_that_twilio_does_not_know_is_refused_for_good(inbox: TwilioInbox) -> None:
    for sid in (SOME_SID, "CA" + "0" * 32):
        with pytest.raises(SendError) as caught:
            await inbox.status(sid)
        assert caught.value.permanent


@pytest.mark.parametrize(("status", "waits"), [(429, True), (503, False)])
async def test_a_listing_that_is_refused_says_why(peer: Peer, session: aiohttp.ClientSession, status: int, waits: bool) -> None:
    peer.status, peer.body = status, '{"code": 20000, "message": "no"}'
    with pytest.raises(SendError) as caught:
        await inbox_of_peer(peer, session).received("+15550100000", today())
    assert (caught.value.retry_after is not None) is waits
    assert not caught.value.permanent


@pytest.mark.parametrize("body", ["<html>", "[]", '"text"', "{}"])
async def test_an_answer_that_is_none_of_twilios_is_a_failure_that_passes(peer: Peer, session: aiohttp.ClientSession, body: str) -> None:
    peer.body = body
    with pytest.raises(SendError) as caught:
        await inbox_of_peer(peer, session).received("+15550100000", today())
    assert not caught.value.permanent


async def test_history_comes_newest_first_and_a_thread_oldest_first(sandbox: Sandbox, history: SlackHistory) -> None:
    channel = sandbox.slack.channel("general")
    channel.members.add(sandbox.state.bot_user_id)
    first = await sandbox.slack.say(ANA, channel.id, "a & <b>")
    reply = await sandbox.slack.say(ANA, channel.id, "reply", thread_ts=first.ts)
    second = await sandbox.slack.say(ANA, channel.id, "second")
    page = await history.read(channel.id, None, None)
    spoken = [message for message in page.messages if message.spoken]
    assert [message.ts for message in spoken] == [second.ts, first.ts]
    assert (spoken[1].replies, spoken[1].latest_reply, spoken[1].edited) == (1, reply.ts, False)
    thread = await history.read(channel.id, first.ts, None)
    assert [(message.ts, message.thread_ts) for message in thread.messages] == [(first.ts, first.ts), (reply.ts, first.ts)]


async def test_a_place_left_behind_and_words_of_others_are_told_apart(peer: Peer, session: aiohttp.ClientSession) -> None:
    messages = [
        {"ts": "5.0", "user": "U1", "text": "hi", "edited": {"user": "U1", "ts": "6.0"}, "files": [{"id": "F1", "name": "graph.png"}]},
        {"ts": "4.0", "user": "U1", "subtype": "channel_join", "text": "joined"},
        {"ts": "3.0", "user": "U9", "bot_id": "B1", "text": "beep"},
        {"ts": "2.0", "user": "USLACKBOT", "subtype": "tombstone", "thread_ts": "2.0", "reply_count": 1, "latest_reply": "2.5"},
    ]
    answer = {"ok": True, "messages": messages, "is_limited": True, "response_metadata": {"next_cursor": "more"}}
    peer.answers["conversations.history"] = answer
    page = await SlackHistory(token="xoxb-of-a-test", api_url=f"{peer.url}/api/", session=session).read("C1", None, "here")
    assert [(m.spoken, m.gone, m.edited, m.files) for m in page.messages] == [
        (True, False, True, ("graph.png",)),
        (False, False, False, ()),
        (False, False, False, ()),
        (False, True, False, ()),
    ]
    assert (page.cursor, page.limited) == ("more", True)
    assert "cursor=here" in peer.asked[0]
