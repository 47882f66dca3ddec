"""The pretend phone network: Twilio's REST validation, delayed signed receipts, replies, and calls."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp

from bot.sandbox import inbound, texts, whatsapp
from bot.sandbox.account import Account
from bot.sandbox.background import Background
from bot.sandbox.calls import Call
from bot.sandbox.clock import SandboxClock
from bot.sandbox.delivery import Answer
from bot.sandbox.refusals import LATER, TwilioError, check
from bot.sandbox.texts import E164, Behaviour, Reply, Sms, TextAnswer, address, is_address
from bot.sandbox.twiml import TwimlError
from bot.sandbox.voice import Voice
from bot.sandbox.webhooks import Webhooks
from bot.sandbox.whatsapp import PREFIX, WhatsApp

_MESSAGE, _STATUS = "/twilio/message", "/twilio/status"


class PhoneNetwork(Account):
    """Phones, what lies on them, and the provider in between."""

    def __init__(
        self,
        clock: SandboxClock,
        account_sid: str,
        auth_token: str,
        owned: frozenset[str],
        bot_url: Callable[[], str],
        *,
        whatsapp_from: str = "+15550100001",
        whatsapp_content_sid: str = f"HX{1:032x}",
        voice_from: str = "+15550100002",
    ) -> None:
        numbers = sorted({*owned, whatsapp_from, voice_from})
        super().__init__(account_sid, numbers, WhatsApp(whatsapp_content_sid), whatsapp_content_sid)
        self.messages: list[Sms] = []
        self.received: list[Sms] = []
        self.replies: list[Reply] = []
        self.answers: list[TextAnswer] = []
        self.problems: list[tuple[int, str]] = []
        self.receipt_delay: float | None = 0.02
        self._clock, self._token, self._owned = clock, auth_token, owned
        self._from = {"sms": min(owned), "whatsapp": whatsapp_from}
        self._webhooks = Webhooks(auth_token, bot_url)
        self.voice = Voice(clock, self._webhooks, account_sid, owned | {voice_from})
        self.voice.behaviour, self.voice.delay = self._behaviour, lambda: self.receipt_delay
        self.answer, self.press, self.silence = self.voice.answer, self.voice.press, self.voice.silence
        self.hang_up, self.no_answer, self.busy = self.voice.hang_up, self.voice.no_answer, self.voice.busy
        self._behaviours: dict[tuple[str, str | None], Behaviour] = {}
        self._opted_out: set[tuple[str, str]] = set()
        self._numbers = itertools.count(1)
        self.background = Background()

    # Settings of the network

    @property
    def session(self) -> aiohttp.ClientSession | None:
        """What the bot is called with; None before the sandbox is started."""
        return self._webhooks.session

    @session.setter
    def session(self, session: aiohttp.ClientSession) -> None:
        self._webhooks.session = session

    @property
    def public_url(self) -> str:
        """The address under which the bot tells the world to call it."""
        return self._webhooks.public_url

    @public_url.setter
    def public_url(self, url: str) -> None:
        self._webhooks.public_url = url

    @property
    def webhooks(self) -> bool:
        """Whether the bot can be called; False is the life of a bot without a public address, which has to ask instead."""
        return self._webhooks.enabled

    @webhooks.setter
    def webhooks(self, enabled: bool) -> None:
        self._webhooks.enabled = enabled

    @property
    def calls(self) -> list[Call]:
        """Every call, oldest first."""
        return self.voice.calls

    def behave(
        self,
        number: str,
        outcome: str = "delivered",
        error_code: int | None = None,
        refuse: int | None = None,
        channel: str | None = None,
        receipts: Sequence[str] | None = None,
    ) -> None:
        """Decides what becomes of texts and calls to a number from now on, on one channel or on all that have no word of their own."""
        known = (None, "sms", "whatsapp", "voice")
        if channel not in known:
            raise ValueError(f"channel: expected one of {', '.join(map(str, known))}, got {channel!r}")
        self._behaviours[number, channel] = Behaviour(outcome, error_code, refuse, None if receipts is None else tuple(receipts))

    def _behaviour(self, number: str, channel: str) -> Behaviour:
        return self._behaviours.get((number, channel)) or self._behaviours.get((number, None), Behaviour())

    def inbox(self, number: str, channel: str | None = None) -> list[Sms]:
        """The texts that arrived on a phone, oldest first."""
        return [sms for sms in self.messages if sms.to == number and not sms.lost and channel in (None, sms.channel)]

    # REST

    def check_login(self, account: str, auth: tuple[str, str] | None) -> None:
        """Raises TwilioError 20003 unless it is the account's own."""
        check([(20003, auth != (self._sid, self._token) or account != self._sid)])

    def create(self, account: str, auth: tuple[str, str] | None, form: Mapping[str, str]) -> dict[str, Any]:
        """Twilio's answer to a new message, 201; raises TwilioError."""
        self.check_login(account, auth)
        return self.send(form)

    def send(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The new message as Twilio shows it at once; raises TwilioError."""
        sms, late = self._checked(form)
        self.messages.append(sms)
        answer = self.shown(sms)
        if self.receipt_delay is not None:
            self.background.start(self._deliver(sms, late))
        elif late is not None:
            sms.move("undelivered", late, self._clock.now())
        return answer

    def _checked(self, form: Mapping[str, str]) -> tuple[Sms, int | None]:
        """The message that a request asks for, and the code with which it will fail, if it will."""
        to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        channel = "whatsapp" if to.startswith(PREFIX) else "sms"
        number, our, callback = to.removeprefix(PREFIX), sender.removeprefix(PREFIX), form.get("StatusCallback")
        refuse, medium = self._behaviour(number, channel).refuse, "MediaUrl" in form
        refusals = [
            (21604, not to),
            (21211, not E164.match(number)),
            (21603, not sender),
            (21910, to.startswith(PREFIX) != sender.startswith(PREFIX)),
            (63007, channel == "whatsapp" and our != self._from["whatsapp"]),
            (21606, channel == "sms" and our not in self._owned),
            (21602, not (body or medium or "ContentSid" in form)),
            (21617, len(body) > 1600),
            (21610, (number, channel) in self._opted_out),
            (refuse or 0, refuse is not None),
            (21609, callback is not None and not is_address(callback)),
        ]
        check(refusals, to=to, sender=sender, callback=callback or "")
        template, variables = self.whatsapp.find(form), whatsapp.variables_of(form)
        mixed = bool(body) or medium
        late = self._late(number, our, channel, template, mixed)
        buttons: list[tuple[str, str]] = []
        if template is not None:
            body, buttons = template.filled(variables)
        sms = Sms(self._next_sid(), number, our, body, self._clock.now(), callback=callback, channel=channel, template=template is not None)
        sms.buttons, sms.media = buttons, tuple(form.get("MediaUrl", "").split())
        return sms, late

    def _late(self, number: str, sender: str, channel: str, template: whatsapp.Template | None, mixed: bool) -> int | None:
        if channel == "sms":
            return self.unregistered(sender, number)
        return self.whatsapp.refusal(number, template, mixed, self._clock.now())

    def shown(self, sms: Sms) -> dict[str, Any]:
        """A message as Twilio shows it."""
        return texts.shown(sms, self._sid)

    def find(self, sid: str) -> Sms:
        """A message that was sent or received; raises TwilioError 20404."""
        for sms in (*self.messages, *self.received):
            if sms.sid == sid:
                return sms
        raise TwilioError(20404, path=f"/2010-04-01/Accounts/{self._sid}/Messages/{sid}.json")

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """A page of messages in both directions, newest first."""
        return texts.page([*self.messages, *self.received], self._sid, query)

    # Receipts

    async def _deliver(self, sms: Sms, late: int | None) -> None:
        behaviour = self._behaviour(sms.to, sms.channel)
        if late is not None:
            behaviour = Behaviour("undelivered", late, receipts=("undelivered",))
        if behaviour.outcome == "no_receipt":
            sms.move("sent", None, self._clock.now())
            return
        for status in behaviour.statuses:
            await asyncio.sleep(self.receipt_delay or 0)
            code = behaviour.error_code if status in ("undelivered", "failed") else None
            sms.move(status, code, self._clock.now())
            if sms.callback is not None:
                await self.callback(sms.sid, status, code)

    async def callback(self, sid: str, status: str, error_code: int | None = None) -> Answer:
        """Sends a receipt, in whatever order; one for an unknown sid goes to the bot all the same."""
        sms = next((sms for sms in self.messages if sms.sid == sid), None)
        fields = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status}
        fields |= {"AccountSid": self._sid, "ApiVersion": "2010-04-01"}
        if error_code is not None:
            fields["ErrorCode"] = str(error_code)
        if sms is None:
            return await self.post(_STATUS, fields)
        sms.move(status, error_code, self._clock.now())
        fields |= {"To": address(sms.to, sms.channel), "From": address(sms.from_, sms.channel)}
        if sms.channel == "whatsapp":
            fields |= whatsapp.receipt_fields(sms.to, status, LATER.get(error_code, "Unknown error") if error_code is not None else None)
        elif status in ("delivered", "undelivered"):
            fields["RawDlrDoneDate"] = self._clock.now().strftime("%y%m%d%H%M")
        return await self._webhooks.send(sms.callback or f"{self.public_url}{_STATUS}", fields)

    # The people

    async def reply(
        self,
        number: str,
        text: str = "",
        channel: str = "sms",
        button: str | None = None,
        *,
        to: str | None = None,
        replied_to: str | None = None,
        media: Sequence[str] = (),
    ) -> Answer:
        """Answers from a phone; STOP and its like opt out, START opts in, and HELP never comes to the bot, as with Twilio.

        ``button`` is the title or the payload of a button under the newest WhatsApp message, or under that with the sid ``replied_to``;
        ``media`` are content types such as ``image/jpeg``. Raises ValueError for a button that is not there.
        """
        if channel not in self._from:
            raise ValueError(f"channel: expected one of {', '.join(self._from)}, got {channel!r}")
        more = inbound.pressed(self.inbox(number, "whatsapp"), button, replied_to) if channel == "whatsapp" else {}
        sms = Sms(self._next_sid(), to or self._from[channel], number, text or more.get("ButtonText", ""), self._clock.now())
        sms.status, sms.channel, sms.media, sms.sent_at, sms.direction = "received", channel, tuple(media), sms.at, "inbound"
        self.received.append(sms)
        self.replies.append(Reply(number, sms.body, channel, sms.at))
        if channel == "whatsapp":
            self.whatsapp.opened(number, sms.at)
        keyword = self._opt(sms)
        if keyword == "HELP":
            self.answers.append(TextAnswer(number, inbound.HELP_TEXT, channel, sms.at))
            return Answer(0, None)
        opted = {"OptOutType": keyword} if keyword is not None else {}
        answer = await self.post(_MESSAGE, inbound.fields_of(sms, self._sid) | more | opted)
        if self.webhooks:
            self._hear(sms, answer)
        return answer

    def _opt(self, sms: Sms) -> str | None:
        """Twilio's own word that the message is, if it is one; STOP and START are heeded here."""
        keyword = inbound.keyword(sms.body)
        if keyword == "STOP":
            self._opted_out.add((sms.from_, sms.channel))
        elif keyword == "START":
            self._opted_out.discard((sms.from_, sms.channel))
        return keyword

    def _hear(self, sms: Sms, answer: Answer) -> None:
        """Keeps what the bot answered at once; what it may not or cannot say is a problem in Twilio's own log."""
        if not 200 <= answer.status < 300:
            self.problems.append((11200, f"{_MESSAGE} answered {answer.status}"))
            return
        try:
            said = inbound.said(str(answer.body or ""))
        except TwimlError as error:
            self.problems.append((error.code, str(error)))
            return
        if said and (sms.from_, sms.channel) in self._opted_out:
            self.problems.append((21610, "an answer to a phone that has opted out"))
            return
        self.answers.extend(TextAnswer(sms.from_, text, sms.channel, self._clock.now()) for text in said)

    def _next_sid(self) -> str:
        return f"SM{next(self._numbers):032x}"

    async def close(self) -> None:
        """Ends what is still under way."""
        await self.background.close()
        await self.voice.close()

    def sign(self, path: str, fields: Mapping[str, str], public_url: str | None = None) -> str:
        """Twilio's signature over the public address and the sorted fields."""
        return self._webhooks.sign(f"{public_url or self.public_url}{path}", fields)

    async def post(self, path: str, fields: Mapping[str, str], signature: str | None = None) -> Answer:
        """Posts a signed callback to the bot."""
        return await self._webhooks.carry("POST", path, fields, self.sign(path, fields) if signature is None else signature)
