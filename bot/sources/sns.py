"""Amazon SNS: whether a message is what a topic of ours said. Nothing here fetches anything.

The signature covers fixed fields by name; the certificate and the confirmation's address may lie on SNS's own hosts only.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bot.errors import Malformed
from bot.sources.certificates import is_signed, read_certificate
from bot.sources.fields import moment_of, object_of

_HOST = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_DIGESTS = {"1": "sha1", "2": "sha256"}
FRESH = timedelta(hours=1)
"""How old a message may be, and how far ahead of our clock."""


def certificate_url(payload: Any) -> str:
    """Where the certificate of a message lies; raises Malformed with the refusal when that is not a certificate of SNS itself."""
    url = _text(object_of(payload, "the body"), "SigningCertURL")
    if not is_on_sns(url) or not _parts(url).path.endswith(".pem") or _parts(url).query:
        raise Malformed("SigningCertURL: expected https://sns.REGION.amazonaws.com/….pem; nothing else is fetched.")
    return url


def subscribe_url(payload: Any) -> str:
    """The address that confirms a subscription; raises Malformed with the refusal when it is not on a host of SNS."""
    url = _text(object_of(payload, "the body"), "SubscribeURL")
    if not is_on_sns(url):
        raise Malformed("SubscribeURL: expected https://sns.REGION.amazonaws.com/…; nothing else is fetched.")
    return url


def refusal(payload: Any, topics: Collection[str], allow_version_1: bool, now: datetime) -> str | None:
    """Why a message is refused before anything is fetched for it, in a sentence; None when its certificate is worth fetching."""
    if not isinstance(payload, Mapping) or _text(payload, "Type") not in _SIGNED:
        return "This is no message of SNS: expected its envelope with Type, as it is sent while raw message delivery is off."
    topic, version = _text(payload, "TopicArn"), _text(payload, "SignatureVersion")
    if topic not in topics:
        return f"The topic {topic[:200]!r} is not in topics of this source; add it to the policy if it is yours."
    if version not in _DIGESTS:
        return f"SignatureVersion: expected 2, got {version[:20]!r}."
    if version == "1" and not allow_version_1:
        return (
            "The topic signs with version 1 (SHA-1): run aws sns set-topic-attributes --topic-arn ARN --attribute-name SignatureVersion "
            "--attribute-value 2, or set signature_version_1: true for this source."
        )
    sent_at = moment_of(payload.get("Timestamp"))
    if sent_at is None or abs(now - sent_at) > FRESH:
        return "Timestamp: the message is older than an hour, or from the future."
    return None


def verify(payload: Any, pem: bytes, topics: Collection[str], allow_version_1: bool, now: datetime) -> str | None:
    """None for a genuine message of an allowed topic, else why it is refused, in a sentence."""
    if said := refusal(payload, topics, allow_version_1, now):
        return said
    try:
        certificate = read_certificate(pem)
    except Malformed as error:
        return str(error)
    if not certificate.begins_at <= now <= certificate.ends_at:
        return "The signing certificate has expired or does not hold yet."
    digest = _DIGESTS[_text(payload, "SignatureVersion")]
    genuine = is_signed(certificate, digest, signed_text(payload).encode("utf-8", "replace"), _signature(payload))
    return None if genuine else "The signature does not belong to this message."


def signed_text(payload: Mapping[str, Any]) -> str:
    """What the signature of a message covers: the fields of its type in their order, each name and value on a line of its own."""
    names = _SIGNED[_text(payload, "Type")]
    return "".join(f"{name}\n{_text(payload, name)}\n" for name in names if payload.get(name) is not None)


def _signature(payload: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(_text(payload, "Signature").encode("utf-8", "replace"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def is_on_sns(url: str) -> bool:
    """Whether an address is on a host of SNS itself, by HTTPS; no other is ever fetched."""
    parts = _parts(url)
    return parts.scheme == "https" and _HOST.fullmatch(parts.netloc.removesuffix(":443")) is not None


def _parts(url: str) -> SplitResult:
    """The parts of an address; empty ones where it is none, or holds what parsers read differently."""
    try:
        return urlsplit(url if url.isascii() and url.isprintable() and not set(url) & set(" \\") else "")
    except ValueError:
        return urlsplit("")


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
