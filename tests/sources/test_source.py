"""What every source promises about its secret, whichever monitor it is."""

from __future__ import annotations

import pytest

from bot.domain.routing import Carrier, SourceKind
from bot.sources import SOURCES
from bot.sources.source import Hmac, Source, is_secret
from tests.sources.deliveries import delivery

IN_THE_ADDRESS = frozenset({Carrier.PATH, Carrier.QUERY})
NO_HEADER_OF_ITS_OWN = {
    SourceKind.AZURE,
    SourceKind.HONEYBADGER,
    SourceKind.PINGDOM,
    SourceKind.RAYGUN,
    SourceKind.ROLLBAR,
    SourceKind.SLACK,
    SourceKind.SPLUNK,
    SourceKind.STATUSPAGE,
    SourceKind.UPDOWN,
    SourceKind.VICTOROPS,
}
"""Monitors that can do nothing but call an address, or whose senders know no other way."""
IN_THE_BODY = [source for source in SOURCES.values() if Carrier.BODY in source.carried_by]


def test_a_secret_is_in_the_address_first_only_where_the_monitor_knows_no_better_place() -> None:
    assert {kind for kind, source in SOURCES.items() if source.carried_by[0] in IN_THE_ADDRESS} == NO_HEADER_OF_ITS_OWN


def test_a_monitor_that_signs_is_asked_to_sign() -> None:
    signing = [source for source in SOURCES.values() if source.sign is not None]
    assert len(signing) >= 4
    assert {source.carried_by[0] for source in signing} == {Carrier.SIGNATURE}


@pytest.mark.parametrize("source", IN_THE_BODY, ids=lambda source: source.kind.value)
@pytest.mark.parametrize("given", ["", None, 7, [], {}])
def test_nothing_in_a_body_is_right_where_there_is_no_secret(source: Source, given: object) -> None:
    body = dict.fromkeys(("secret", "shared_secret", "Token", "routing_key", "signature", "token", "timestamp"), given)
    assert source.verify is not None
    assert not source.verify(b"", delivery(source.kind, body))
    assert not source.verify(b"7", delivery(source.kind, body))


@pytest.mark.parametrize(("given", "right"), [("hunter2", True), (" hunter2 ", True), ("hunter", False), ("\ud800", False), (None, False)])
def test_only_the_whole_secret_is_right(given: object, right: bool) -> None:
    assert is_secret(given, b"hunter2") is right


def test_one_of_several_signatures_is_enough_and_none_is_not() -> None:
    signed = Hmac("X-Signature", "v1=")
    given = delivery("generic", {"title": "Orders wait"})
    old, new = (signed.sign(secret, given.body)["X-Signature"] for secret in (b"old", b"new"))
    both = delivery("generic", {"title": "Orders wait"}, headers={"x-signature": f"{old}, {new}"})
    assert signed.verify(b"new", both)
    assert not signed.verify(b"other", both)
    assert not signed.verify(b"new", given)
