"""Amazon SNS at the door: genuine messages of our topics come in, and nothing else does (SECURITY 29, 30)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.errors import SendError
from bot.senders.sns import LARGEST, Sns
from bot.sources.sns import is_on_sns
from tests.house import NOON
from tests.web import amazon
from tests.web.amazon import CERTIFICATE_URL, HOST, TOPIC, Amazon, confirmation, notification, open_amazon
from tests.web.gate import BEARER, TOKEN, Gate, open_gate

ALARM = json.dumps({"AlarmName": "checkout-errors", "NewStateValue": "ALARM", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:c"})
TEXT = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}
SOURCES = {
    "alarms": {"kind": "cloudwatch", "topics": [TOPIC]},
    "old": {"kind": "cloudwatch", "topics": [TOPIC], "signature_version_1": True},
    "open": {"kind": "cloudwatch", "topics": [TOPIC], "unsigned": True},
}


@pytest.fixture
async def world() -> AsyncIterator[Amazon]:
    async with open_amazon() as opened:
        yield opened


@pytest.fixture
async def sns(world: Amazon) -> AsyncIterator[Sns]:
    async with aiohttp.ClientSession() as session:
        yield Sns(session, is_on_sns, world.url)


@pytest.fixture
async def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sns: Sns) -> AsyncIterator[Gate]:
    async with open_gate(tmp_path, monkeypatch, SOURCES, sns) as opened:
        yield opened


async def post(gate: Gate, message: Any, source: str = "alarms", **headers: str) -> tuple[int, Any]:
    return await gate.post(f"/alerts/{source}", message, **(headers or TEXT))


async def test_a_genuine_message_is_taken_and_its_certificate_fetched_once(gate: Gate, world: Amazon) -> None:
    first, _ = await post(gate, notification(ALARM))
    second, _ = await post(gate, notification(ALARM, MessageId="another"))
    assert (first, second) == (202, 202)
    assert world.asked == [CERTIFICATE_URL.removeprefix(HOST)]
    assert len(await gate.stored()) == 2


async def test_a_message_that_is_delivered_again_counts_once_and_is_answered_the_same(gate: Gate) -> None:
    answers = [await post(gate, notification(ALARM)) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert (await gate.only())["id"] == answers[0][1]["receipt"]


async def test_an_altered_message_is_refused(gate: Gate) -> None:
    altered = notification(ALARM) | {"Message": ALARM.replace("ALARM", "OK", 1)}
    status, said = await post(gate, altered)
    assert (status, said["code"]) == (403, "wrong_signature")
    assert await gate.stored() == []


async def test_a_message_signed_with_another_key_is_refused(gate: Gate) -> None:
    assert (await post(gate, notification(ALARM, number=2)))[0] == 403


@pytest.mark.parametrize(
    "where",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/c.pem",
        "http://sns.eu-west-1.amazonaws.com/c.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/c.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/c.pem",
        "https://sns.eu-west-1.amazonaws.com/c.txt",
        "https://s3.amazonaws.com/sns.eu-west-1.amazonaws.com/c.pem",
        "https://127.0.0.1/c.pem",
        "",
        None,
        7,
    ],
)
async def test_a_certificate_from_anywhere_but_sns_is_refused_unfetched(gate: Gate, world: Amazon, where: Any) -> None:
    assert (await post(gate, notification(ALARM, SigningCertURL=where)))[0] == 403
    assert world.asked == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TopicArn": "arn:aws:sns:eu-west-1:999999999999:alarms"}, "not in topics"),
        ({"Timestamp": (NOON - timedelta(hours=1, seconds=1)).isoformat()}, "older than an hour"),
        ({"Timestamp": "yesterday"}, "older than an hour"),
        ({"Type": "Gossip"}, "no message of SNS"),
    ],
)
async def test_another_topic_an_old_message_and_another_type_are_refused_unfetched(
    gate: Gate, world: Amazon, changes: dict[str, Any], said: str
) -> None:
    message = notification(ALARM) | changes
    status, answered = await post(gate, message)
    assert status == 403
    assert said in answered["message"]
    assert world.asked == []


async def test_the_first_version_of_signatures_is_refused_with_the_way_out_unless_the_policy_takes_it(gate: Gate) -> None:
    status, said = await post(gate, notification(ALARM, version="1"))
    assert status == 403
    assert "SignatureVersion" in said["message"]
    assert (await post(gate, notification(ALARM, version="1"), "old"))[0] == 202


async def test_a_message_without_its_envelope_is_refused(gate: Gate) -> None:
    assert (await post(gate, json.loads(ALARM)))[0] == 403
    assert (await post(gate, json.loads(ALARM), "open"))[0] == 202


async def test_a_certificate_that_does_not_hold_any_more_is_refused(gate: Gate, world: Amazon) -> None:
    world.pem = amazon.certificate(ends_at=NOON - timedelta(days=1))
    assert (await post(gate, notification(ALARM)))[0] == 403


async def test_what_is_no_certificate_is_refused(gate: Gate, world: Amazon) -> None:
    world.pem = b"<html>"
    assert (await post(gate, notification(ALARM)))[0] == 403


@pytest.mark.parametrize("status", [302, 500])
async def test_while_the_certificate_cannot_be_had_the_message_is_to_come_again(gate: Gate, world: Amazon, status: int) -> None:
    world.status = status
    answered, said = await post(gate, notification(ALARM))
    assert (answered, said["code"]) == (503, "busy")
    assert len(world.asked) == 1
    world.status = 200
    assert (await post(gate, notification(ALARM)))[0] == 202


async def test_the_confirmation_of_a_named_topic_is_taken(gate: Gate) -> None:
    assert (await post(gate, confirmation()))[0] == 202


@pytest.mark.parametrize("source", ["alarms", "open"])
@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": "arn:aws:sns:eu-west-1:999999999999:other"},
        {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com.evil.example/?Action=ConfirmSubscription"},
        {"SubscribeURL": "http://sns.eu-west-1.amazonaws.com/"},
        {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com:8443/"},
        {"SubscribeURL": "https://169.254.169.254/latest"},
        {"SubscribeURL": None},
    ],
)
async def test_any_other_confirmation_is_refused_and_nothing_of_it_fetched(
    gate: Gate, world: Amazon, source: str, changes: dict[str, Any]
) -> None:
    assert (await post(gate, confirmation(**changes), source))[0] == 403
    assert world.asked == []
    assert await gate.stored() == []


async def test_a_confirmation_is_checked_even_where_the_policy_does_without_signatures(gate: Gate) -> None:
    assert (await post(gate, confirmation(number=2), "open"))[0] == 403
    assert (await post(gate, confirmation(), "open"))[0] == 202


async def test_a_token_of_the_policy_may_try_the_source_out(gate: Gate) -> None:
    headers = {**TEXT, "X-Muster-Test": "1", "Authorization": f"Bearer {TOKEN}"}
    assert (await post(gate, notification(ALARM, number=2), **headers))[0] == 202
    assert (await gate.only())["envelope"]["test"] is True


async def test_nobody_else_may_try_it_out(gate: Gate) -> None:
    assert (await post(gate, notification(ALARM, number=2), **(BEARER | TEXT | {"X-Muster-Test": "1"})))[0] == 403


async def test_no_host_but_those_of_sns_is_ever_asked(sns: Sns, world: Amazon) -> None:
    with pytest.raises(SendError) as refused:
        await sns.certificate("https://evil.example/c.pem")
    assert refused.value.permanent
    assert world.asked == []


async def test_an_endless_certificate_is_given_up(sns: Sns, world: Amazon) -> None:
    world.pem = b"x" * (LARGEST + 1)
    with pytest.raises(SendError, match="mebibyte"):
        await sns.certificate(CERTIFICATE_URL)
