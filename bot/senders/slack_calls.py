"""One call to Slack at a time, each within its own span, each failure a SendError that names the method.

The SDK retries nothing by itself (a lost answer would be posted again): the outbox does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.senders import slack_errors

TIMEOUT_SECONDS = 10.0
_UNREADABLE = (SlackClientError, AttributeError, ValueError, RecursionError)
"""What the SDK raises over a body that is no JSON object: it asks a string or a list for its fields."""


def web_client(token: str, api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """A client that sends every request once."""
    return AsyncWebClient(token=token, base_url=api_url, session=session, retry_handlers=[])


async def ask(method: str, call: Awaitable[AsyncSlackResponse], within: float = TIMEOUT_SECONDS) -> AsyncSlackResponse:
    """Slack's answer to one call, within so many seconds; raises SendError."""
    try:
        async with asyncio.timeout(within):
            return await call
    except SlackApiError as error:
        raise slack_errors.refusal(error, method) from error
    except (aiohttp.ClientError, OSError) as error:
        raise slack_errors.unreachable(error, method) from error
    except _UNREADABLE as error:
        raise slack_errors.unreadable(error, method) from error


async def every(method: str, key: str, call: Callable[..., Awaitable[AsyncSlackResponse]], **args: Any) -> AsyncIterator[dict[str, Any]]:
    """What a method lists under ``key``, page after page, as long as it is asked for; raises SendError."""
    cursor: str | None = None
    while cursor != "":
        page = await ask(method, call(cursor=cursor, **args))
        for item in page.get(key) or ():
            yield item
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
