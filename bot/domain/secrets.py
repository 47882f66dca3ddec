"""Well-known secrets in a raw body, replaced before it is stored, without breaking the JSON that they stand in (SECURITY)."""

from __future__ import annotations

import re

PLACEHOLDER = b"[secret]"
_NAME = rb"(?:passw(?:or)?d|passphrase|authorization|cookie|secret|token|api[-_]?key|private[-_]?key|access[-_]?key)s?"
_TEXT = rb'(?:[^"\\]|\\.)*'
_NAMED = re.compile(
    rb"(%b(?:"
    rb'"\s*:\s*"|'  # "password": "…"
    rb'\\"\s*:\s*\\"|'  # the same in a text that is JSON itself
    rb'"\s*,\s*"(?=%b"\s*\])|'  # ["Cookie", "…"]
    rb"=))"  # password=…, in an address or in words
    rb"(?:(?<=\\\")[^\"\\]*|(?<=\")%b|(?<==)[^\s&\"'\\<>,;]+)" % (_NAME, _TEXT, _TEXT),
    re.IGNORECASE,
)
_LOOKS = (
    (b"earer", re.compile(rb"(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)),
    (b"asic", re.compile(rb"(\bbasic\s+)(?=[A-Za-z]*[0-9=+/])[A-Za-z0-9+/=]{8,}", re.IGNORECASE)),
    (b"xox", re.compile(rb"()\bxox[a-z]-[A-Za-z0-9-]+")),
    (b"xapp-", re.compile(rb"()\bxapp-[A-Za-z0-9-]+")),
    (b"gh", re.compile(rb"()\bgh[opsu]_[A-Za-z0-9]{20,}")),
    (b"AKIA", re.compile(rb"()\bAKIA[A-Z0-9]{16}\b")),
    (b"PRIVATE KEY-----", re.compile(rb"(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)[^\"-]*")),
    (b"@", re.compile(rb"(://[^/\s:@\"]{0,200}:)[^/\s@\"]{1,200}(?=@)")),
)
_KEYS = re.compile(r"(?:api|access|private|[-_])[-_ ]?key")
_GITHUB = re.compile(r"gh[opsu]_")
_CONFIRMATION = b'"SubscribeURL"'
_BLOCK, _MARGIN = 128, 16
_KEPT, _KEPT_LENGTH = 256, 16 * 1024


def redact(body: bytes) -> bytes:
    """The body with a placeholder for every value that is a secret by its name or by its looks.

    What a subscription is confirmed with has to stay what it is: it is good for one time only.
    """
    if _CONFIRMATION in body:
        return body
    body = _NAMED.sub(_hide, body)
    for hint, pattern in _LOOKS:
        if hint in body:
            body = pattern.sub(_hide, body)
    return body


def _hide(found: re.Match[bytes]) -> bytes:
    return found[1] + PLACEHOLDER


def is_suspicious(text: bytes) -> bool:
    """Whether a secret may stand in the text; quick, and right whenever it says no."""
    low = text.decode("latin-1").lower()  # the same letters, in which it is quicker to look for words than in bytes
    if "passw" in low or "passphrase" in low or "authorization" in low or "cookie" in low or "secret" in low or "token" in low:
        return True
    if "bearer" in low or "basic" in low or "xox" in low or "xapp-" in low or "akia" in low or "@" in low:
        return True
    return ("key" in low and _KEYS.search(low) is not None) or ("gh" in low and _GITHUB.search(low) is not None)


class Sieve:
    """Redacts bodies one after the other; what a body has in common with an earlier one of its length is not looked at again."""

    def __init__(self) -> None:
        self._clean: dict[int, tuple[bytes, list[tuple[int, bytes]]]] = {}

    def redact(self, body: bytes) -> bytes:
        """See ``redact``; the same object when there is no secret in it."""
        known = self._clean.get(len(body))
        if known is None:
            return redact(body) if is_suspicious(body) else self._keep(body)
        same, blocks = known
        if same != body:
            for start in [start for start, block in blocks if not body.startswith(block, start)]:
                if is_suspicious(body[max(0, start - _MARGIN) : start + _BLOCK + _MARGIN]):
                    return redact(body)
        return body

    def _keep(self, body: bytes) -> bytes:
        if len(body) <= _KEPT_LENGTH:
            if len(self._clean) >= _KEPT:
                self._clean.clear()
            blocks = [(start, body[start : start + _BLOCK]) for start in range(0, len(body), _BLOCK)]
            self._clean[len(body)] = (body, blocks)
        return body
