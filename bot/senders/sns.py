"""Amazon SNS: fetches the certificates that its messages are signed with, and confirms subscriptions.

Only addresses that are ``trusted`` are fetched, without following a redirect, within ten seconds and a mebibyte (SECURITY: SNS).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus

import aiohttp
from yarl import URL

from bot.domain.outbox import Delivery, Receipt
from bot.errors import SendError
from bot.senders import bounded

WITHIN = aiohttp.ClientTimeout(total=10)
LARGEST = 1024 * 1024
_KEPT = 16


class Sns:
    """What we ask of SNS. ``api_url`` takes the place of every host of Amazon's, for a world of our own."""

    def __init__(self, session: aiohttp.ClientSession, trusted: Callable[[str], bool], api_url: str | None = None) -> None:
        self._session = session
        self._trusted = trusted
        self._api_url = api_url
        self._certificates: OrderedDict[str, bytes] = OrderedDict()

    async def certificate(self, url: str) -> bytes:
        """The certificate at an address, as PEM, fetched once; raises SendError when it cannot be had."""
        if url not in self._certificates:
            self._certificates[url] = await self._fetch(url)
            if len(self._certificates) > _KEPT:
                self._certificates.popitem(last=False)
        return self._certificates[url]

    async def send(self, delivery: Delivery) -> Receipt:
        """Confirms a subscription by the address that came with it; raises SendError. Twice is as good as once."""
        await self._fetch(str(delivery.request["url"]))
        return Receipt(None, {})

    async def _fetch(self, url: str) -> bytes:
        if not self._trusted(url):
            raise SendError(f"{URL(url).host} is no host of SNS", code="untrusted_host", permanent=True)
        where = URL(url, encoded=True) if self._api_url is None else URL(self._api_url).join(URL(url).relative())
        try:
            async with self._session.get(where, allow_redirects=False, timeout=WITHIN) as response:
                if response.status != HTTPStatus.OK:
                    refused = 300 <= response.status < 500 and response.status not in (408, 429)
                    raise SendError(f"SNS answered {response.status}", code=str(response.status), permanent=refused)
                return await bounded.read(response, LARGEST, "SNS answered with more than a mebibyte")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SendError(f"SNS cannot be reached ({type(error).__name__})", code="unreachable") from error
