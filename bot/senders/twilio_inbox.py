"""Twilio is asked, where it cannot reach us: what was sent to our numbers, and what became of what we sent (B13)."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, date, datetime
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.response import Response
from twilio.rest import Client

from bot.domain.outbox import Kind
from bot.domain.polls import Received, Said
from bot.senders.twilio_calls import Http, ask

_INBOUND = "inbound"
_CALL_SID = "CA"
_AT_MOST = 1000
"""Messages to one number that are listed at a time; Twilio counts by whole days, and lists the newest first."""


class TwilioInbox:
    """Reads what Twilio would have told a public address of ours. Message resources carry neither buttons nor what a reply replied to."""

    def __init__(self, *, account_sid: str, auth_token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self._client = Client(account_sid, auth_token, http_client=Http(session, api_url))

    async def received(self, number: str, since: date) -> list[Received]:
        """What was sent to a number of ours (``whatsapp:`` before it where it is one) since that day, oldest first; raises SendError."""
        listing = self._client.messages.list_async(to=number, date_sent_after=since.isoformat(), limit=_AT_MOST)
        found = await ask(Kind.SMS, _listed(listing))
        inbound = [message for message in found if message.direction == _INBOUND and message.sid]
        return [_received(message) for message in reversed(inbound)]

    async def status(self, sid: str) -> Said:
        """What became of a message or a call; raises SendError."""
        if sid.startswith(_CALL_SID):
            call = await ask(Kind.CALL, self._client.calls(sid).fetch_async())
            return Said(str(call.status or ""), call=True, answered_by=call.answered_by)
        message = await ask(Kind.SMS, self._client.messages(sid).fetch_async())
        return Said(str(message.status or ""), str(message.error_code) if message.error_code else None)


async def _listed(listing: Awaitable[list[Any]]) -> list[Any]:
    """The listing; a page that is refused raises with its status, which the SDK leaves to be found in the answer."""
    try:
        return await listing
    except TwilioException as error:
        answer = error.args[-1] if error.args else None
        if not isinstance(answer, Response):
            raise
        raise TwilioRestException(answer.status_code, "Messages.json") from error


def _received(message: Any) -> Received:
    sent_at: datetime | None = message.date_sent or message.date_created
    if sent_at is not None and sent_at.tzinfo is None:
        sent_at = sent_at.replace(tzinfo=UTC)
    return Received(str(message.sid), str(message.from_ or ""), str(message.body or ""), sent_at)
