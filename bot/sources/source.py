"""What every source is: a pure reading of a delivery, how it is signed, sent and answered, and how it is set up."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from bot.domain.alert import Reading
from bot.domain.routing import Carrier, Channel, SourceKind


class Form(StrEnum):
    """How the payload of a delivery is written."""

    JSON = "json"
    URLENCODED = "urlencoded"
    MULTIPART = "multipart"
    QUERY = "query"
    TEXT = "text"


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Delivery(NamedTuple):
    """One request of a monitor, as it was committed.

    ``payload`` is what the body (or the query) says, decoded: a JSON value, or the fields of a form by name. ``tail`` is what stood behind
    ``/alerts/{source}/`` in the address, the secret taken out; ``headers`` are those that the source ``keeps``, by lower-case name.
    """

    source: str
    payload: Any
    body: bytes
    received_at: datetime
    method: str = "POST"
    tail: str = ""
    content_type: str = "application/json"
    query: Mapping[str, str] = _NOTHING
    headers: Mapping[str, str] = _NOTHING
    fields: Mapping[str, tuple[str, ...]] = _NOTHING


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender wants to hear once its delivery is committed; a mapping is sent as JSON."""

    status: int
    body: Mapping[str, Any] | str


@dataclass(frozen=True, slots=True)
class Hmac:
    """A signature of hex HMAC-SHA256 over the raw body, in a header, behind a prefix."""

    header: str
    prefix: str = ""

    def verify(self, secret: bytes, delivery: Delivery) -> bool:
        """Whether one of the signatures in the header (several, by commas, while a secret is exchanged) is the body's."""
        given = delivery.headers.get(self.header.lower(), "").encode("utf-8", "replace")
        expected = self.sign(secret, delivery.body)[self.header].encode()
        return sum(hmac.compare_digest(one.strip(), expected) for one in given.split(b",")) > 0

    def sign(self, secret: bytes, body: bytes) -> dict[str, str]:
        """The header that a sender with that secret adds."""
        return {self.header: self.prefix + hmac.new(secret, body, hashlib.sha256).hexdigest()}


def is_secret(given: Any, secret: bytes) -> bool:
    """Whether what stands in a body is the secret; never where there is none."""
    return bool(secret) and isinstance(given, str) and hmac.compare_digest(given.strip().encode("utf-8", "replace"), secret)


def accepted(_delivery: Delivery, receipt: str) -> Answer:
    """The answer of every source that says nothing else: 202 and the receipt."""
    return Answer(202, {"receipt": receipt, "url": f"/alerts/receipts/{receipt}"})


@dataclass(frozen=True, slots=True)
class Source:
    """A monitor: how to read it, where its secret may be (the best place first), what it sends and wants to hear.

    ``states`` lists the exact words that decide, with what each means here. ``setup`` is two lines with ``{url}`` and ``{secret}`` in them.
    ``verify`` checks a secret that is carried as a signature or in the body. ``delivery_id`` names a delivery that must count once,
    whoever repeats it; ``sign`` gives the headers by which a sample is signed.
    """

    kind: SourceKind
    name: str
    channel: Channel
    documentation: str
    setup: str
    states: Mapping[str, str]
    read: Callable[[Delivery], Reading]
    carried_by: tuple[Carrier, ...] = (Carrier.BEARER, Carrier.BASIC)
    header: str | None = None
    methods: frozenset[str] = frozenset({"POST"})
    forms: frozenset[Form] = frozenset({Form.JSON})
    keeps: tuple[str, ...] = ()
    verify: Callable[[bytes, Delivery], bool] | None = None
    sign: Callable[[bytes, bytes], Mapping[str, str]] | None = None
    delivery_id: Callable[[Delivery], str | None] | None = None
    answer: Callable[[Delivery, str], Answer] = accepted
    takes_arrays: bool = False
