"""How a monitor would post a sample: with its secret in the place where the policy wants it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from bot.domain.routing import Carrier, SourceRule
from bot.sources.samples import Sample
from bot.sources.source import Source


@dataclass(frozen=True, slots=True)
class Post:
    """A request; ``address`` comes behind ``/alerts/{name}``."""

    method: str
    address: str
    headers: Mapping[str, str]
    body: bytes


def places(source: Source, rule: SourceRule) -> tuple[Carrier, ...]:
    """Where the source's secret may be, the best place first; nowhere where it does without."""
    return () if rule.unsigned else rule.carried_by or source.carried_by


def post_of(sample: Sample, source: Source, rule: SourceRule, secret: str | None) -> Post:
    """The sample as a request with the secret in the best of its places; without a secret, as it is."""
    carrier = next(iter(places(source, rule)), None) if secret else None
    headers = {"Content-Type": sample.content_type} if sample.body else {}
    headers |= sample.headers
    tail, query = sample.tail, dict(sample.query)
    if secret and carrier is Carrier.SIGNATURE and source.sign is not None:
        headers |= source.sign(secret.encode(), sample.body)
    elif secret and carrier is Carrier.PATH:
        tail = "/".join(part for part in (quote(secret, safe=""), tail) if part)
    elif secret and carrier is Carrier.QUERY:
        query["token"] = secret
    elif secret and carrier is not None:
        headers |= _head(carrier, rule.header or source.header, secret)
    address = (f"/{tail}" if tail else "") + (f"?{urlencode(query)}" if query else "")
    return Post(sample.method, address, headers, sample.body)


def _head(carrier: Carrier, header: str | None, secret: str) -> dict[str, str]:
    if carrier is Carrier.BEARER:
        return {"Authorization": f"Bearer {secret}"}
    if carrier is Carrier.BASIC:
        return {"Authorization": f"Basic {b64encode(f'muster:{secret}'.encode()).decode()}"}
    return {header: secret} if carrier is Carrier.HEADER and header else {}
