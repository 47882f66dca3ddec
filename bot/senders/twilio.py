"""Twilio goes out: texts, WhatsApp and calls.

There is no idempotency key: an ambiguous page is sent again, with the same reference in its text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from twilio.rest import Client

from bot import telemetry
from bot.domain.outbox import Delivery, Kind, Receipt
from bot.errors import SendError
from bot.messages import voice
from bot.senders.twilio_calls import SENDERS, Http, create

VALIDITY_SECONDS = 600
"""A page that a carrier could not deliver within this is no longer worth waking anybody for: the chain has gone on."""
RING_SECONDS = 30
"""How long a phone rings before the call counts as not answered; a voicemail usually waits about as long."""
_WHATSAPP = "whatsapp:"
_BAD_ADDRESSES = frozenset(["21205", "21609", "21626"])
"""An address of ours that Twilio does not take: MUSTER_PUBLIC_URL is wrong, and the page goes out without it."""


class Twilio:
    """Sends what the outbox holds for phones. A kind whose number is not set is refused for good, naming the setting.

    ``voice_url`` is our public address: without one a call takes no keys and says how to answer instead.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sms_from: str | None,
        api_url: str,
        status_callback: str | None,
        session: aiohttp.ClientSession,
        whatsapp_from: str | None = None,
        content_sid: str | None = None,
        voice_from: str | None = None,
        voice_url: str | None = None,
    ) -> None:
        self._client = Client(account_sid, auth_token, http_client=Http(session, api_url))
        self._from = {Kind.SMS: sms_from, Kind.WHATSAPP: whatsapp_from, Kind.CALL: voice_from}
        self._content_sid = content_sid
        self._voice_url = voice_url
        self._status_callback = status_callback

    async def send(self, delivery: Delivery) -> Receipt:
        """The SID of the accepted page; raises SendError.

        An address of ours that Twilio does not take costs the receipts and the keys, never the page.
        """
        sender = self._from.get(delivery.kind)
        if not sender:
            setting = SENDERS.get(delivery.kind, "another sender")
            raise SendError(f"no number is set to send it from: set {setting}", code="unconfigured", permanent=True)
        try:
            return await self._create(delivery, sender, self._status_callback, self._voice_url)
        except SendError as error:
            if error.code not in _BAD_ADDRESSES or self._status_callback is self._voice_url is None:
                raise
        telemetry.logger().warning("page_without_receipt", message_id=delivery.id, reason="Twilio refuses MUSTER_PUBLIC_URL")
        return await self._create(delivery, sender, None, None)

    async def _create(self, delivery: Delivery, sender: str, status_callback: str | None, voice_url: str | None) -> Receipt:
        callback = {} if status_callback is None else {"status_callback": status_callback}
        if delivery.kind is Kind.CALL:
            words = _call(delivery.request, voice_url) | callback
            if callback:
                words["status_callback_event"] = ["answered", "completed"]
            request = self._client.calls.create_async(from_=sender, timeout=RING_SECONDS, **words)
        else:
            words = self._message(delivery, sender) | callback
            request = self._client.messages.create_async(validity_period=VALIDITY_SECONDS, **words)
        return Receipt(await create(delivery.kind, request), {})

    def _message(self, delivery: Delivery, sender: str) -> dict[str, Any]:
        to, body = delivery.request["to"], delivery.request["body"]
        if delivery.kind is Kind.SMS:
            return {"to": to, "from_": sender, "body": body}
        addresses = {"to": f"{_WHATSAPP}{to}", "from_": f"{_WHATSAPP}{sender}"}
        if self._content_sid is None:
            return {**addresses, "body": body}
        variables = json.dumps(dict(delivery.request["variables"]), ensure_ascii=False)
        return {**addresses, "content_sid": self._content_sid, "content_variables": variables}


def _call(request: Mapping[str, Any], voice_url: str | None) -> dict[str, Any]:
    """What a call is made of; where a key can reach us, also whether a person or a machine picked up."""
    if voice_url is None:
        return {"to": request["to"], "twiml": voice.without_keys(request["say"])}
    url = f"{voice_url}/twilio/voice/{request['page_id']}"
    return {"to": request["to"], "url": url, "method": "POST", "machine_detection": "Enable"}
