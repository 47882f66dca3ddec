"""Twilio's requests to the bot: signed over the address that the bot gave, and carried to where the bot really is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

import aiohttp
from yarl import URL

from bot.sandbox.delivery import Answer

_WITHIN = aiohttp.ClientTimeout(total=15, sock_connect=5)


class Webhooks:
    """Signs and posts; ``enabled`` is False for a bot that has no public address."""

    def __init__(self, auth_token: str, bot_url: Callable[[], str]) -> None:
        self.public_url = "http://bot.test"
        self.enabled = True
        self.session: aiohttp.ClientSession | None = None
        self._token, self._bot_url = auth_token, bot_url
        self._tokens = itertools.count(1)

    def sign(self, url: str, fields: Mapping[str, str]) -> str:
        """Twilio's signature over an address and the sorted fields."""
        text = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
        return base64.b64encode(hmac.new(self._token.encode(), text.encode(), hashlib.sha1).digest()).decode()

    async def send(self, url: str, fields: Mapping[str, str], method: str = "POST") -> Answer:
        """The bot's answer at an address that it gave; status 0 when it cannot be reached, or must not be."""
        url = url.partition("#")[0]
        if method == "GET":
            url, fields = f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}", {}
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return await self.carry(method, path, fields, self.sign(url, fields))

    async def carry(self, method: str, path: str, fields: Mapping[str, str], signature: str) -> Answer:
        """The answer to one request; a connection that never came to be is tried once more, with the same token."""
        if not self.enabled:
            return Answer(0, None)
        headers = {
            "X-Twilio-Signature": signature,
            "I-Twilio-Idempotency-Token": f"{next(self._tokens):032x}",
            "User-Agent": "TwilioProxy/1.1",
        }
        try:
            return await self._once(method, path, fields, headers)
        except aiohttp.ClientConnectorError:
            return await self._again(method, path, fields, headers)
        except (aiohttp.ClientError, TimeoutError):
            return Answer(0, None)

    async def _again(self, method: str, path: str, fields: Mapping[str, str], headers: dict[str, str]) -> Answer:
        try:
            return await self._once(method, path, fields, headers)
        except (aiohttp.ClientError, TimeoutError):
            return Answer(0, None)

    async def _once(self, method: str, path: str, fields: Mapping[str, str], headers: dict[str, str]) -> Answer:
        assert self.session is not None, "the sandbox is started"
        data = dict(fields) if method == "POST" else None
        async with self.session.request(
            method, URL(f"{self._bot_url()}{path}", encoded=True), data=data, headers=headers, timeout=_WITHIN
        ) as response:
            return Answer(response.status, await response.text())
