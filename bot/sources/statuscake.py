"""StatusCake's webhook of uptime tests: form fields, or a query where the address holds placeholders.

The field ``Token`` is MD5 over the lower-case user name followed by the API key: the one secret that StatusCake itself sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.checks import UNFILLED, called, check_of, down_or_up, labels_of
from bot.sources.fields import at, filled, fingerprint_of, key_of, status_of, text_of, title_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Source, is_secret
from bot.sources.templates import first, untouched

STATES = {"down": AlertStatus.FIRING, "up": AlertStatus.RESOLVED}


def read(delivery: Delivery) -> Reading:
    """The alert of a test, from the body and the query together."""
    test = check_of(delivery)
    if why := untouched(delivery, UNFILLED, "StatusCake"):
        return Reading(ignored=(why,))
    return single(delivery.source, test, lambda: _alert(delivery.source, test))


def verify(secret: bytes, delivery: Delivery) -> bool:
    """Whether the delivery's ``Token`` is the policy's secret."""
    return is_secret(at(delivery.payload, "Token") or at(delivery.payload, "token") or delivery.query.get("Token"), secret)


def _alert(source: str, test: Mapping[str, Any]) -> Alert:
    status = status_of(test.get("status"), STATES, "Status")
    identity, address, name = key_of(test.get("testid")), text_of(test.get("url")), text_of(test.get("name"))
    if not (identity or address or name):
        raise Malformed("TestID: expected the number, the address or the name of the test.")
    said = called(name, address, identity)
    return Alert(
        source=source,
        fingerprint=identity or fingerprint_of(name, address),
        status=status,
        title=title_of(down_or_up(said, down=status is AlertStatus.FIRING)),
        starts_at=None,
        labels=_labels(test),
        annotations=filled(error=_error(test) if status is AlertStatus.FIRING else "", ip=test.get("ip")),
    )


def _error(test: Mapping[str, Any]) -> str:
    code = text_of(first(test, "statuscode", "code"), 60)
    return "No answer in time" if code == "0" else f"HTTP {code}" if code.isdecimal() else code


def _labels(test: Mapping[str, Any]) -> dict[str, str]:
    named = filled(
        monitor=called(test["name"]) if test.get("name") else "",
        test_id=test.get("testid"),
        method=test.get("method"),
        contact_group=test.get("contactgroup"),
    )
    return labels_of(named, test.get("url"), test.get("tags"))


SOURCE = Source(
    kind=SourceKind.STATUSCAKE,
    name="StatusCake",
    channel=Channel.UPTIME,
    documentation="https://www.statuscake.com/kb/knowledge-base/how-to-use-the-web-hook-url/",
    setup=(
        "In StatusCake, give a contact group the webhook URL {url} with the method POST; the secret ({secret}) is StatusCake's own\n"
        "token: printf '%s' \"$username_in_lower_case$api_key\" | md5sum (or any other, with the webhook URL {url}/{secret})."
    ),
    states={"Down": "fires", "Up": "recovers"},
    carried_by=(Carrier.BODY, Carrier.PATH, Carrier.QUERY, Carrier.BASIC),
    methods=frozenset({"POST", "GET"}),
    forms=frozenset({Form.URLENCODED, Form.MULTIPART, Form.QUERY, Form.JSON}),
    verify=verify,
    read=read,
)
