"""Where a source's secret may be, that it is found nowhere else, and that nothing of it is stored (SECURITY, bad inputs 10 to 16)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot import telemetry
from tests.web.gate import BEARER, JSON, SECRET, TOKEN, Gate, open_gate

SOURCES = {
    "plain": {"kind": "alertmanager", "carried_by": ["bearer"]},
    "basic": {"kind": "alertmanager", "carried_by": ["basic"]},
    "header": {"kind": "alertmanager", "carried_by": ["header"], "header": "X-Alert-Key"},
    "path": {"kind": "pingdom"},
    "query": {"kind": "google-cloud"},
    "signed": {"kind": "github"},
    "inside": {"kind": "pagerduty"},
    "robot": {"kind": "uptimerobot"},
    "victor": {"kind": "victorops"},
    "anyone": {"kind": "alertmanager", "unsigned": True},
    "lists": {"kind": "prometheus"},
    "slack": {"kind": "slack"},
    "kuma": {"kind": "uptime-kuma"},
    "mail": {"kind": "mail"},
}
BODY = b'{"alerts": []}'
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def authorization(scheme: str, secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": f"{scheme} {secret}", **JSON}


def basic(text: str) -> dict[str, str]:
    return authorization("Basic", base64.b64encode(text.encode()).decode())


@pytest.fixture
async def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    async with open_gate(tmp_path, monkeypatch, SOURCES) as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "GenieKey", "Token"])
async def test_a_token_is_taken_under_the_names_that_senders_give_it(gate: Gate, scheme: str) -> None:
    assert (await gate.post("/alerts/plain", BODY, **authorization(scheme)))[0] == 202


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/alerts/plain", basic(f"x:{SECRET}")),
        ("/alerts/plain", {"X-Alert-Key": SECRET, **JSON}),
        ("/alerts/plain", authorization("Bearer", SECRET[:-1])),
        ("/alerts/plain", authorization("Bearer", "")),
        ("/alerts/plain", authorization("Bearer", "sécret-\udcff")),
        ("/alerts/plain", {**JSON, "Authorization": SECRET}),
        ("/alerts/plain/" + SECRET, JSON),
        ("/alerts/basic", BEARER),
        ("/alerts/basic", basic(SECRET)),
        ("/alerts/basic", basic(f"{SECRET}:")),
        ("/alerts/basic", authorization("Basic", "!!!")),
        ("/alerts/basic", authorization("Basic", base64.b64encode("x:gehörnt".encode("latin-1")).decode())),
        ("/alerts/header", {"X-Alert-Key": "wrong", **JSON}),
        ("/alerts/header", BEARER),
        ("/alerts/path", JSON),
        ("/alerts/path/wrong", JSON),
        ("/alerts/signed", BEARER),
        ("/alerts/signed", {**JSON, "X-Hub-Signature-256": "sha256=" + "0" * 64}),
        ("/alerts/signed", {**JSON, "X-Hub-Signature-256": "ünsigned"}),
        ("/alerts/inside", JSON),
    ],
)
async def test_a_secret_that_is_wrong_or_elsewhere_is_401_and_nothing_is_stored(gate: Gate, path: str, headers: dict[str, str]) -> None:
    status, said = await gate.send("POST", path, BODY, **headers)
    assert (status, said["code"]) == (401, "wrong_secret")
    assert await gate.stored() == []


async def test_a_source_without_a_secret_takes_everybody(gate: Gate) -> None:
    assert (await gate.post("/alerts/anyone", BODY, **JSON))[0] == 202


@pytest.mark.parametrize("name", ["token", "auth_token", "api_key", "secret", "key"])
async def test_a_secret_in_the_query_is_taken_where_the_source_says_so_and_is_not_stored(gate: Gate, name: str) -> None:
    status, _ = await gate.send("POST", f"/alerts/query?{name}={SECRET}&project=shop", BODY, **JSON)
    assert status == 202
    assert (await gate.only())["envelope"]["query"] == {"project": "shop"}


@pytest.mark.parametrize("name", ["token", "auth_token", "api_key", "secret"])
async def test_a_secret_in_the_query_of_another_source_is_400(gate: Gate, name: str) -> None:
    status, said = await gate.send("POST", f"/alerts/plain?{name}={SECRET}", BODY, **JSON)
    assert (status, said["code"]) == (400, "secret_in_query")


@pytest.mark.parametrize(
    ("path", "tail"),
    [
        (f"/alerts/path/{SECRET}", None),
        (f"/alerts/path/{SECRET}/", None),
        (f"/alerts/victor/{SECRET}/payments", "payments"),
        (f"/alerts/victor/integrations/alert/{SECRET}", "integrations/alert"),
        (f"/alerts/victor//{SECRET}//payments/", "payments"),
    ],
)
async def test_a_secret_in_the_path_is_taken_out_of_it(gate: Gate, path: str, tail: str | None) -> None:
    status, _ = await gate.send("POST", path, BODY, **JSON)
    envelope = (await gate.only())["envelope"]
    assert status in (200, 202)
    assert (None if envelope is None else envelope["tail"]) == tail


async def test_a_secret_in_the_middle_of_a_path_is_none(gate: Gate) -> None:
    assert (await gate.send("POST", f"/alerts/victor/a/{SECRET}/b", BODY, **JSON))[0] == 401


async def test_a_secret_in_the_body_is_stored_as_a_placeholder(gate: Gate) -> None:
    event = {
        "routing_key": SECRET,
        "event_action": "trigger",
        "dedup_key": "d",
        "payload": {"summary": "s", "source": "x", "severity": "error"},
    }
    status, said = await gate.post("/alerts/inside", event, **JSON)
    assert (status, said["dedup_key"]) == (202, "d")
    stored = await gate.only()
    assert SECRET.encode() not in stored["body"]
    assert json.loads(stored["body"])["payload"] == event["payload"]


async def test_a_secret_in_a_hidden_field_is_stored_as_a_placeholder(gate: Gate) -> None:
    fields = {"subject": "Checkout is down", "from": "ana@example.com", "secret": SECRET}
    assert (await gate.send("POST", "/alerts/mail", urlencode(fields).encode(), **FORM))[0] == 202
    stored = await gate.only()
    assert SECRET.encode() not in stored["body"]
    assert b"Checkout" in stored["body"]


async def test_no_secret_of_a_header_is_stored(gate: Gate) -> None:
    for path, headers in (("/alerts/header", {"X-Alert-Key": SECRET, **JSON}), ("/alerts/kuma", authorization("Bearer"))):
        assert (await gate.send("POST", path, BODY, **headers))[0] == 202
    assert SECRET not in repr(await gate.stored())


async def test_a_plain_body_is_stored_as_it_is_and_without_an_envelope(gate: Gate) -> None:
    await gate.send("POST", "/alerts/plain", b'{"alerts":  [ ]}', **BEARER)
    stored = await gate.only()
    assert (stored["body"], stored["envelope"]) == (b'{"alerts":  [ ]}', None)


async def test_a_query_is_a_delivery_where_the_source_sends_such(gate: Gate) -> None:
    fields = {"monitorID": "1", "alertType": "1", "monitorFriendlyName": "Shop"}
    status, _ = await gate.send("GET", f"/alerts/robot/{SECRET}?{urlencode(fields)}")
    envelope = (await gate.only())["envelope"]
    assert (status, envelope["method"], envelope["query"]) == (202, "GET", fields)


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"])
async def test_a_method_that_the_source_does_not_use_is_405(gate: Gate, method: str) -> None:
    assert (await gate.send(method, "/alerts/plain", b"", **BEARER))[0] == 405


async def test_a_refused_method_is_answered_with_those_there_are(gate: Gate) -> None:
    async with gate.client.get("/alerts/plain", headers=BEARER) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("kind", ["text/xml", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""])
async def test_a_form_that_the_source_does_not_use_is_415_with_those_there_are(gate: Gate, kind: str) -> None:
    status, said = await gate.send("POST", "/alerts/plain", BODY, **(BEARER | {"Content-Type": kind}))
    assert (status, said["code"]) == (415, "unsupported_media_type")
    assert "application/json" in said["message"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"text": "down"}'),
        ("text/plain", b'{"text": "down"}'),
        ("application/x-www-form-urlencoded", urlencode({"payload": '{"text": "down"}'}).encode()),
        ("application/x-www-form-urlencoded", b'{"text": "down"}'),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\ndown\r\n--b--\r\n'),
    ],
)
async def test_a_body_is_taken_in_every_form_that_the_source_uses(gate: Gate, kind: str, body: bytes) -> None:
    assert await gate.send("POST", f"/alerts/slack/{SECRET}", body, **{"Content-Type": kind}) == (200, "ok")
    stored = await gate.only()
    assert stored["body"] == body


_PART = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n'


@pytest.mark.parametrize(
    "body",
    [
        _PART * 15_000,
        b"--b\r\n" + b"A: b\r\n" * 150_000 + b"\r\nx\r\n--b--",
        b'--b\r\nContent-Disposition: form-data; name="' + b'a"; x="' * 140_000 + b'"\r\n\r\nx\r\n--b--',
        b'--b\r\nContent-Disposition: form-data; name="' + b"=?utf-8?q?a?= " * 60_000 + b'"\r\n\r\nx\r\n--b--',
        b"\r\n" * 500_000,
        b"--b--",
    ],
    ids=["parts", "headers", "parameters", "words", "lines", "empty"],
)
async def test_a_form_that_is_made_to_be_hard_to_read_is_refused_at_once(gate: Gate, body: bytes) -> None:
    began = time.monotonic()
    status, said = await gate.send("POST", "/alerts/mail", body, **{"Content-Type": "multipart/form-data; boundary=b"})
    assert (status, said["code"]) == (400, "malformed")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("body", [b"[]", b'[{"labels": {}}]'])
async def test_an_array_at_the_top_is_taken_only_where_the_source_sends_such(gate: Gate, body: bytes) -> None:
    assert (await gate.post("/alerts/lists", body))[0] == 200
    status, said = await gate.post("/alerts/plain", body)
    assert (status, said["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"0", b'"x"', b"{", b'{"a": NaN}', b'{"a": "\\ud800"}', b'{"a":' + b"[" * 99 + b"]" * 99 + b"}"]
)
@pytest.mark.parametrize("path", [f"/alerts/path/{SECRET}", "/alerts/lists", f"/alerts/slack/{SECRET}"])
async def test_no_road_takes_a_body_that_is_no_json(gate: Gate, path: str, body: bytes) -> None:
    status, said = await gate.post(path, body)
    assert (status, said["code"]) == (400, "malformed")
    assert await gate.stored() == []


@pytest.mark.parametrize("name", ["nobody", "receipts", "..%2fplain", "plain%00", "PLAIN"])
async def test_a_source_that_does_not_exist_is_404_whatever_it_carries(gate: Gate, name: str) -> None:
    for headers in (BEARER, JSON):
        assert (await gate.post(f"/alerts/{name}", BODY, **headers))[0] == 404
    assert await gate.stored() == []


async def test_a_trial_is_marked_only_for_who_has_the_secret_or_a_token_that_may_act(gate: Gate) -> None:
    trial = {"X-Muster-Test": "1"}
    assert (await gate.post("/alerts/plain", BODY, **(BEARER | trial)))[0] == 202
    assert (await gate.post("/alerts/plain", BODY, **(authorization("Bearer", TOKEN) | trial)))[0] == 202
    assert (await gate.post("/alerts/plain", BODY, **authorization("Bearer", TOKEN)))[0] == 401
    assert (await gate.post("/alerts/plain", BODY, **(JSON | trial)))[0] == 401
    assert [stored["envelope"]["test"] for stored in await gate.stored()] == [True, True]


async def test_a_source_whose_secret_is_missing_is_not_opened_by_an_empty_one(gate: Gate) -> None:
    for given in ("", "a secret that no source has"):
        assert (await gate.post("/alerts/inside", {"routing_key": given}, **JSON))[0] == 401
        assert (await gate.post("/alerts/plain", BODY, **authorization("Bearer", given)))[0] == 401


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"POST /alerts/victor/{SECRET}/payments HTTP/1.1", "POST /alerts/victor/[path] HTTP/1.1"),
        (f"GET https://bot.example.com/alerts/robot/{SECRET}?alertType=1", "GET https://bot.example.com/alerts/robot/[path]?alertType=1"),
        (
            f"/alerts/query?project=shop&auth_token={SECRET}&api_key={SECRET}",
            "/alerts/query?project=shop&auth_token=[secret]&api_key=[secret]",
        ),
        ("/alerts/receipts/X49MASrNB17DQaWZn9VcTg", "/alerts/receipts/X49MASrNB17DQaWZn9VcTg"),
        (f"GET /heartbeat/nightly/{SECRET}/fail HTTP/1.1", "GET /heartbeat/nightly/[path] HTTP/1.1"),
        ("GET /heartbeat/nightly/fail HTTP/1.1", "GET /heartbeat/nightly/fail HTTP/1.1"),
        (f"b'Authorization: GenieKey {SECRET}\x01'", "b'Authorization: [secret]'"),
    ],
)
def test_no_secret_of_an_address_reaches_a_log(line: str, shown: str) -> None:
    assert telemetry.mask(line) == shown


@pytest.mark.parametrize("body", [{"secret": SECRET, "subject": "x", "labels": {"a": ["b"]}}, [{"secret": SECRET, "subject": "x"}]])
async def test_json_that_is_sent_by_the_name_of_a_form_stays_json_without_the_secret(gate: Gate, body: Any) -> None:
    assert (await gate.post("/alerts/mail", body, **(FORM | {"Authorization": f"Bearer {SECRET}"})))[0] == 202
    stored = json.loads((await gate.only())["body"])
    assert stored == json.loads(json.dumps(body).replace(SECRET, "[secret]"))


async def test_a_secret_with_blanks_around_it_is_not_stored_either(gate: Gate) -> None:
    event = {"routing_key": f" {SECRET}\n", "event_action": "trigger", "payload": {"summary": "x", "source": "y", "severity": "error"}}
    assert (await gate.post("/v2/enqueue", event, **JSON))[0] == 202
    assert SECRET.encode() not in (await gate.only())["body"]
