"""The door for alerts: what is refused, with which answer, and that nothing of it is kept (SECURITY, bad inputs)."""

from __future__ import annotations

import base64
import gzip
import io
import json

import pytest

from tests.house import SECRETS, House, alert

SECRET = SECRETS["PROMETHEUS_SECRET"]
BEARER = {"Authorization": f"Bearer {SECRET}"}
JSON = {"Content-Type": "application/json"}


def basic(text: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


async def post(house: House, body: bytes, path: str = "/alerts/prometheus", **headers: str) -> tuple[int, dict[str, str]]:
    async with house.http.post(f"{house.bot.url}{path}", data=io.BytesIO(body), headers=headers) as response:
        return response.status, await response.json() if response.content_type == "application/json" else {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"0",
        b"{",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"\xff\xfe",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
async def test_a_body_that_is_no_json_object_is_400_with_a_sentence(house: House, body: bytes) -> None:
    status, answer = await post(house, body, **BEARER, **JSON)
    assert status == 400
    assert answer["code"] == "malformed"
    assert answer["message"].endswith(".")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (BEARER, 202),
        (basic(f"anybody:{SECRET}"), 202),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic !!!"}, 401),
        (basic("no colon"), 401),
        ({}, 401),
    ],
)
async def test_the_sources_secret_decides(house: House, headers: dict[str, str], expected: int) -> None:
    status, _ = await post(house, json.dumps(alert()).encode(), **headers, **JSON)
    assert status == expected


async def test_a_secret_in_the_address_is_refused_where_the_source_does_not_say_so(house: House) -> None:
    body = json.dumps(alert()).encode()
    status, answer = await post(house, body, f"/alerts/prometheus?token={SECRET}", **JSON)
    assert (status, answer["code"]) == (400, "secret_in_query")


async def test_an_unknown_source_is_404(house: House) -> None:
    status, answer = await post(house, b"{}", "/alerts/nobody", **BEARER, **JSON)
    assert (status, answer["code"]) == (404, "unknown_source")


@pytest.mark.parametrize("kind", ["text/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
async def test_another_content_type_is_415(house: House, kind: str) -> None:
    status, _ = await post(house, b"{}", **BEARER, **{"Content-Type": kind})
    assert status == 415


async def test_a_body_over_one_mebibyte_is_413_however_it_is_packed(house: House) -> None:
    large = b'{"a": "' + b"x" * (1024 * 1024) + b'"}'
    assert (await post(house, large, **BEARER, **JSON))[0] == 413
    bomb = gzip.compress(b"0" * 30_000_000)
    assert (await post(house, bomb, **BEARER, **JSON, **{"Content-Encoding": "gzip"}))[0] == 413


async def test_an_encoding_that_we_do_not_unpack_is_refused(house: House) -> None:
    status, _ = await post(house, b"x", **BEARER, **JSON, **{"Content-Encoding": "br"})
    assert status in (400, 415)


@pytest.mark.parametrize("method", ["GET", "PUT", "TRACE", "DELETE"])
async def test_another_method_is_405(house: House, method: str) -> None:
    async with house.http.request(method, f"{house.bot.url}/alerts/prometheus", headers=BEARER) as response:
        assert response.status == 405


async def test_a_receipt_says_what_became_of_the_alert(house: House) -> None:
    _, taken = await post(house, json.dumps(alert()).encode(), **BEARER, **JSON)
    await house.settle()
    async with house.http.get(f"{house.bot.url}{taken['url']}") as response:
        shown = await response.json()
    assert shown["state"] == "done"
    assert [(found["disposition"], found["incident"]) for found in shown["outcome"]] == [("declared", "INC-1")]
    async with house.http.get(f"{house.bot.url}/alerts/receipts/guessed") as response:
        assert response.status == 404


async def test_a_body_that_nobody_understands_waits_with_its_reason(house: House) -> None:
    _, taken = await post(house, b'{"alerts": {"status": "odd"}}', **BEARER, **JSON)
    await house.settle()
    async with house.http.get(f"{house.bot.url}{taken['url']}") as response:
        shown = await response.json()
    assert shown["state"] == "dead"
    assert shown["error"] == "alerts: expected an array."


async def test_an_alert_that_no_route_wants_waits_in_the_inbox(house: House) -> None:
    await house.post_alert(alert(severity="none"))
    await house.settle()
    assert not [c for c in house.sandbox.slack.channels.values() if c.name.startswith("inc-")]


@pytest.mark.parametrize(
    "title", ["", " ", "\x00", "x" * 100_000, "\u202eevil", "👩‍👩‍👧" * 50, "{{7*7}} ${x} %s {0.__class__}", "'; DROP TABLE incidents"]
)
async def test_any_title_opens_an_incident(house: House, title: str) -> None:
    body = alert()
    body["alerts"][0]["annotations"] = {"summary": title}
    await house.post_alert(body)
    await house.settle()
    assert (await house.show("INC-1"))["status"] == "Investigating"


async def test_health_and_metrics_answer(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    for path in ("/healthz", "/readyz", "/health/engine"):
        async with house.http.get(f"{house.bot.url}{path}") as response:
            assert response.status == 200, path
    async with house.http.get(f"{house.bot.url}/metrics") as response:
        text = await response.text()
    assert 'muster_open_incidents{severity="P0"} 1.0' in text
    assert SECRET not in text
