"""Signed links by which a page is acknowledged from a mail: for one page, for one day, made by nobody but us.

A link is ``version.page.expiry.signature``. What the signature is made of begins with the link's purpose and version, so that nothing else
signed with the same key can ever be taken for one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LIFE = timedelta(hours=24)
_VERSION = "1"
_TOKEN = re.compile(r"1\.(?P<page>[0-9A-Za-z_-]{1,64})\.(?P<expiry>[0-9]{1,11})\.[0-9A-Za-z_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """A link that we signed; ``expired`` when its day was over at the moment it was opened."""

    page_id: str
    expires_at: datetime
    expired: bool


def sign(key: str, page_id: str, now: datetime) -> str:
    """The token of a link to that page, good until LIFE after ``now``; only letters that an address carries as they are."""
    signed = f"{_VERSION}.{page_id}.{int((now + LIFE).timestamp())}"
    return f"{signed}.{_signature(key, signed)}"


def read(key: str, token: str, now: datetime) -> Link | None:
    """The link that a token stands for; None when we did not sign it with this key, whatever it looks like."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_signature(key, signed).encode(), signature.encode()):
        return None
    expires_at = datetime.fromtimestamp(int(match["expiry"]), UTC)
    return Link(match["page"], expires_at, now >= expires_at)


def _signature(key: str, signed: str) -> str:
    digest = hmac.new(key.encode(), f"muster acknowledge link {signed}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
