"""Secrets in raw bodies: gone before they are stored, the JSON around them whole, everything else untouched."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.secrets import Sieve, is_suspicious, redact

CANARY = "canary0Secret9Value"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "password", "token", 'q"', "Cookie"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "body",
    [
        {"password": CANARY},
        {"user_passwd": CANARY + '"\\quoted'},
        {"request": {"headers": {"Authorization": f"Bearer {CANARY}", "X-Api-Key": CANARY}}},
        {"request": {"headers": [["Cookie", f"sid={CANARY}"], ["Accept", "text/html"]]}},
        {"Set-Cookie": CANARY, "client_secret": CANARY, "apiKey": CANARY, "private_key": CANARY, "access_token": CANARY},
        {"extra": json.dumps({"password": CANARY})},
        {"url": f"https://shop.example.com/?api_key={CANARY}&page=2"},
        {"dsn": f"postgresql://app:{CANARY}@db/shop"},
        {"text": f"curl -H 'Authorization: Bearer {CANARY}' failed"},
        {"text": f"login with password={CANARY}, then"},
    ],
)
def test_a_secret_is_not_stored_and_the_body_stays_json(body: dict[str, Any]) -> None:
    for text in (json.dumps(body), json.dumps(body, separators=(",", ":")), json.dumps(body, indent=2)):
        redacted = Sieve().redact(text.encode())
        assert CANARY.encode() not in redacted
        assert b"[secret]" in redacted
        assert json.loads(redacted).keys() == body.keys()


@pytest.mark.parametrize(
    "token", ["xoxb-123-456-abcDEF", "xapp-1-A0-99-abc", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1" * 18, "Bearer abcdef0123456789"]
)
def test_a_secret_is_known_by_its_looks(token: str) -> None:
    redacted = Sieve().redact(json.dumps({"text": f"got {token} back"}).encode())
    assert token.split()[-1].encode() not in redacted
    assert json.loads(redacted)["text"].startswith("got ")


@pytest.mark.parametrize(
    "body",
    [
        b'{"groupKey": "{}:{alertname=\\"Keys\\"}", "alerts": [{"labels": {"service": "api-gateway"}}]}',
        b'{"text": "the basic plan is monkey business, passable and tokenless"}',
        b'{"password": null, "tokens": 5, "secret": {"name": "tls"}}',
        b'{"mail": "oncall@example.com", "url": "https://example.com/a?b=c"}',
        b'{"Type": "SubscriptionConfirmation", "Token": "abc", "SubscribeURL": "https://sns.example.com/?Token=abc"}',
    ],
)
def test_what_is_no_secret_stays_as_it_is(body: bytes) -> None:
    assert Sieve().redact(body) == body


def test_a_secret_is_found_wherever_a_body_differs_from_those_before_it() -> None:
    sieve, size = Sieve(), 3000
    assert sieve.redact(json.dumps({"text": "x" * size}).encode())
    for place in range(0, size - 40, 7):
        text = ("x" * place + " password=hunter2 " + "x" * size)[:size]
        assert b"hunter2" not in sieve.redact(json.dumps({"text": text}).encode()), place


@given(JSON_VALUES)
def test_any_json_stays_json_of_the_same_shape(value: Any) -> None:
    def shape(one: Any) -> Any:
        if isinstance(one, dict):
            return {name: shape(item) for name, item in one.items()}
        return [shape(item) for item in one] if isinstance(one, list) else type(one)

    assert shape(json.loads(redact(json.dumps(value).encode()))) == shape(value)


@given(st.binary(max_size=400))
def test_what_is_not_suspicious_has_nothing_to_hide(body: bytes) -> None:
    if not is_suspicious(body):
        assert redact(body) == body
