"""The door for Slack: signature, age, form, workspace."""

from __future__ import annotations

import json

import pytest

from tests.house import House

FORM = "application/x-www-form-urlencoded"
COMMAND = b"command=%2Fincident&text=list&user_id=U0ANA&user_name=ana&channel_id=C1&trigger_id=1.2.3&team_id=T0SANDBOX"


@pytest.mark.parametrize("timestamp", ["abc", "", "1e9", "1" * 20, "١٢٣٤٥٦٧٨٩٠", "-5"])
async def test_a_timestamp_that_is_none_is_401(house: House, timestamp: str) -> None:
    headers = house.sandbox.slack.sign(COMMAND, timestamp)
    assert (await house.sandbox.slack.raw(COMMAND, FORM, headers)).status == 401


@pytest.mark.parametrize("skew", [-301, 301])
async def test_a_stale_or_future_request_is_401(house: House, skew: int) -> None:
    headers = house.sandbox.slack.sign(COMMAND, int(house.clock.real().timestamp()) + skew)
    assert (await house.sandbox.slack.raw(COMMAND, FORM, headers)).status == 401


@pytest.mark.parametrize("signature", ["", "v0=", "v1=" + "0" * 64, "v0=" + "A" * 64, "ü"])
async def test_a_signature_that_is_none_is_401(house: House, signature: str) -> None:
    headers = house.sandbox.slack.sign(COMMAND) | {"X-Slack-Signature": signature}
    assert (await house.sandbox.slack.raw(COMMAND, FORM, headers)).status == 401


async def test_the_signature_of_another_body_is_401(house: House) -> None:
    headers = house.sandbox.slack.sign(b"another body")
    answer = await house.sandbox.slack.raw(COMMAND, FORM, headers)
    assert (answer.status, answer.body["code"]) == (401, "unsigned")


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000, b'{"a": NaN}', b'{"a":1,"a":2}', b'{"a":"\\ud800"}', b"\xff"])
async def test_signed_json_that_is_broken_is_400(house: House, body: bytes) -> None:
    answer = await house.sandbox.slack.raw(body, "application/json", house.sandbox.slack.sign(body))
    assert answer.status == 400


async def test_another_workspace_is_403(house: House) -> None:
    await house.eventually(lambda: house.bot.workspace_known, "Slack to say who we are")
    body = COMMAND.replace(b"T0SANDBOX", b"T0OTHER")
    assert (await house.sandbox.slack.raw(body, FORM, house.sandbox.slack.sign(body))).status == 403


async def test_the_url_is_verified_only_when_signed(house: House) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "said back"}).encode()
    assert (await house.sandbox.slack.raw(body, "application/json", {})).status == 401
    assert (await house.sandbox.slack.raw(body, "application/json", house.sandbox.slack.sign(body))).body == "said back"


async def test_the_certificate_check_is_answered_and_does_nothing(house: House) -> None:
    assert (await house.sandbox.slack.raw(b"ssl_check=1", FORM, {})).status == 200


async def test_a_tampered_form_is_refused_with_a_sentence_in_the_form(house: House) -> None:
    await house.sandbox.slack.command("U0ANA", "declare")
    slack = house.sandbox.slack
    view = (await house.eventually(lambda: [v for v in slack.open_views("U0ANA") if v.callback_id], "the form"))[0]
    view.body["private_metadata"] = "{broken"
    values = {"title": {"value": "x"}, "severity": {"value": "P0"}}
    answer = await slack.submit("U0ANA", view.id, values)
    assert answer.status == 200
    assert answer.body["response_action"] == "errors"
