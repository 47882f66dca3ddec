"""Telephone calls: placed over REST, answered by a test or a person, spoken as the bot's TwiML says, steered with keys."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import urljoin

from bot.sandbox import twiml
from bot.sandbox.background import Background
from bot.sandbox.calls import OVER, SIP, Call, Line, entered_keys, line_of, shown
from bot.sandbox.clock import SandboxClock
from bot.sandbox.delivery import Answer
from bot.sandbox.refusals import TwilioError, check
from bot.sandbox.texts import E164, Behaviour, is_address
from bot.sandbox.twiml import Verb
from bot.sandbox.webhooks import Webhooks

APOLOGY = "We are sorry, an application error has occurred. Goodbye."
_LOOK_EVERY = 0.05
_DOCUMENTS = 20


class Voice:
    """Every call, and the network that carries it."""

    def __init__(self, clock: SandboxClock, webhooks: Webhooks, account_sid: str, owned: frozenset[str]) -> None:
        self.calls: list[Call] = []
        self.behaviour: Callable[[str, str], Behaviour] = lambda _number, _channel: Behaviour()
        self.delay: Callable[[], float | None] = lambda: 0.02
        self._clock, self._webhooks, self._account, self._owned = clock, webhooks, account_sid, owned
        self._lines: dict[str, Line] = {}
        self._numbers = itertools.count(1)
        self.background = Background()

    # REST

    def create(self, form: Mapping[str, str]) -> Call:
        """A new call, which starts to ring; raises TwilioError."""
        to, sender, callback = form.get("To", ""), form.get("From", ""), form.get("StatusCallback")
        refuse = self.behaviour(to, "voice").refuse
        refusals = [
            (21201, not to),
            (21211, not E164.match(to)),
            (21213, not sender),
            (21210, sender not in self._owned),
            (refuse or 0, refuse is not None),
            (21205, not (form.get("Twiml") or is_address(form.get("Url", "")))),
            (21609, callback is not None and not is_address(callback)),
        ]
        check(refusals, to=to, sender=sender, callback=callback or "")
        call = Call(f"CA{next(self._numbers):032x}", to, sender, self._clock.now())
        self.calls.append(call)
        self._lines[call.sid] = line_of(form)
        if self.delay() is not None:
            self.background.start(self._dial(call))
        return call

    def find(self, sid: str) -> Call:
        """A call by its sid; raises TwilioError 20404."""
        call = next((call for call in self.calls if call.sid == sid), None)
        if call is None:
            raise TwilioError(20404, path=f"/2010-04-01/Accounts/{self._account}/Calls/{sid}.json")
        return call

    def update(self, sid: str, form: Mapping[str, str]) -> Call:
        """A call that was ended or given new words; raises TwilioError 21220 when it is over, 20001 for an unknown status."""
        call, status = self.find(sid), form.get("Status")
        if status not in (None, "completed", "canceled"):
            raise TwilioError(20001, path=status or "")
        if call.status in OVER:
            raise TwilioError(21220)
        if status is None:
            self.background.start(self._redirect(call, form))
        elif call.status != "in-progress":
            self._finish(call, "canceled")
            self.background.start(self._tell(call, "completed"))
        elif status == "completed":
            self._finish(call, "completed")
            self.background.start(self._tell(call, "completed"))
        return call

    async def _redirect(self, call: Call, form: Mapping[str, str]) -> None:
        line = self._lines[call.sid]
        line.gather, call.waits_for_key = None, False
        if form.get("Twiml"):
            await self._perform(call, form["Twiml"])
        else:
            await self._fetch(call, form.get("Url", ""), form.get("Method", "POST"), {})

    def shown(self, call: Call) -> dict[str, Any]:
        """A call as Twilio shows it."""
        return shown(call, self._account, self._lines[call.sid].detects)

    # The person who is called

    async def answer(self, sid: str, by: str = "human") -> Answer:
        """Takes the call and gives back what the bot has to say; a machine hears it to the end and presses nothing."""
        call, line = self._in(sid, "queued", "ringing"), self._lines[sid]
        await self._ring(call)
        call.move("in-progress")
        call.answered_by, call.answered_at = by, self._clock.now()
        await self._tell(call, "answered")
        if line.url is None:
            await self._perform(call, line.twiml or "")
            said = Answer(200, line.twiml)
        else:
            said = await self._fetch(call, line.url, line.method, {})
        while by != "human" and line.gather is not None:
            await self.silence(sid)
        return said

    async def press(self, sid: str, digits: str) -> Answer:
        """Presses keys; the bot's answer to them. Raises ValueError when nothing waits for a key."""
        call, gather = self._in(sid, "in-progress"), self._waiting(sid)
        if not re.fullmatch(r"[0-9*#]+", digits):
            raise ValueError(f"digits: expected keys of a telephone (0-9, * and #), got {digits!r}")
        entered, finished_on = entered_keys(gather, digits)
        call.pressed.append(digits)
        return await self._gathered(call, gather, {"Digits": entered, "FinishedOnKey": finished_on})

    async def silence(self, sid: str) -> Answer | None:
        """Says and presses nothing until the bot's Gather gives up; raises ValueError when nothing waits for a key."""
        call, gather, line = self._in(sid, "in-progress"), self._waiting(sid), self._lines[sid]
        if gather.options.get("actionOnEmptyResult") == "true":
            return await self._gathered(call, gather, {"Digits": "", "FinishedOnKey": ""})
        line.gather, call.waits_for_key = None, False
        await self._go_on(call)
        return None

    async def hang_up(self, sid: str) -> None:
        """Puts the phone down; a call that still rings is declined."""
        call = self._in(sid, "queued", "ringing", "in-progress")
        await self._end(call, "completed" if call.status == "in-progress" else "busy")

    async def no_answer(self, sid: str) -> None:
        """Lets it ring until the network gives up."""
        await self._end(self._in(sid, "queued", "ringing"), "no-answer")

    async def busy(self, sid: str) -> None:
        """Is in another call, or declines this one."""
        await self._end(self._in(sid, "queued", "ringing"), "busy")

    async def close(self) -> None:
        """Ends what is still under way."""
        await self.background.close()

    def _in(self, sid: str, *statuses: str) -> Call:
        call = next((call for call in self.calls if call.sid == sid), None)
        if call is None:
            raise LookupError(f"there is no call {sid}")
        if call.status not in statuses:
            raise ValueError(f"call {sid} is {call.status}; expected {' or '.join(statuses)}")
        return call

    def _waiting(self, sid: str) -> Verb:
        gather = self._lines[sid].gather
        if gather is None:
            raise ValueError(f"call {sid} waits for no key: its TwiML is at no <Gather>")
        return gather

    # The network

    async def _dial(self, call: Call) -> None:
        await asyncio.sleep(self.delay() or 0)
        await self._ring(call)
        behaviour = self.behaviour(call.to, "voice")
        if call.status != "ringing":
            return
        if behaviour.outcome in OVER:
            call.error_code = behaviour.error_code
            await self._end(call, behaviour.outcome)
        elif behaviour.outcome.startswith(("human", "machine")):
            await self.answer(call.sid, behaviour.outcome)
        else:
            await self._give_up(call)

    async def _give_up(self, call: Call) -> None:
        """Ends a call that nobody took within its timeout, by the sandbox's clock."""
        line = self._lines[call.sid]
        until = (line.rings_since or call.at) + line.timeout
        while call.status == "ringing":
            if self._clock.now() >= until:
                await self._end(call, "no-answer")
            await asyncio.sleep(_LOOK_EVERY)

    async def _ring(self, call: Call) -> None:
        if call.status == "queued":
            call.move("ringing")
            self._lines[call.sid].rings_since = self._clock.now()
            await self._tell(call, "initiated", "ringing")

    async def _gathered(self, call: Call, gather: Verb, fields: Mapping[str, str]) -> Answer:
        line = self._lines[call.sid]
        line.gather, call.waits_for_key = None, False
        action = urljoin(line.url or "", gather.options.get("action", ""))
        return await self._fetch(call, action, gather.options.get("method", "POST"), {**fields, "msg": "Gather End"})

    async def _fetch(self, call: Call, url: str, method: str, more: Mapping[str, str]) -> Answer:
        """The bot's document at an address, carried out; what cannot be fetched ends the call with an apology."""
        line = self._lines[call.sid]
        line.documents += 1
        if not is_address(url) or line.documents > _DOCUMENTS:
            await self._fail(call, 11100)
            return Answer(0, None)
        answer = await self._webhooks.send(url, {**self._fields(call), **more}, method)
        if not 200 <= answer.status < 300:
            await self._fail(call, 11200)
            return answer
        line.url = url
        await self._perform(call, str(answer.body))
        return answer

    async def _perform(self, call: Call, document: str) -> None:
        try:
            self._lines[call.sid].verbs = twiml.read(document)
        except twiml.TwimlError as error:
            await self._fail(call, error.code)
            return
        await self._go_on(call)

    async def _go_on(self, call: Call) -> None:
        """Carries out the verbs up to the next one that waits, or to the end of the call."""
        line = self._lines[call.sid]
        while line.verbs and call.status == "in-progress":
            verb = line.verbs.pop(0)
            call.said.extend(said.text for said in (verb, *verb.within) if said.text and said.name != "Redirect")
            if verb.name == "Gather":
                line.gather, call.waits_for_key = verb, True
                return
            if verb.name == "Redirect":
                await self._fetch(call, urljoin(line.url or "", verb.text), verb.options.get("method", "POST"), {})
                return
            if verb.name in ("Hangup", "Reject"):
                break
        await self._end(call, "completed")

    async def _fail(self, call: Call, code: int) -> None:
        call.error_code = code
        call.said.append(APOLOGY)
        await self._end(call, "completed")

    async def _end(self, call: Call, status: str) -> None:
        if call.status not in OVER:
            self._finish(call, status)
            await self._tell(call, "completed")

    def _finish(self, call: Call, status: str) -> None:
        call.move(status)
        call.ended_at, call.waits_for_key = self._clock.now(), False
        line = self._lines[call.sid]
        line.gather, line.verbs = None, []

    def _fields(self, call: Call) -> dict[str, str]:
        fields = {"CallSid": call.sid, "AccountSid": self._account, "From": call.from_, "To": call.to}
        fields |= {"Caller": call.from_, "Called": call.to, "CallStatus": call.status}
        fields |= {"Direction": "outbound-api", "ApiVersion": "2010-04-01"}
        if self._lines[call.sid].detects and call.answered_by is not None:
            fields["AnsweredBy"] = call.answered_by
        return fields

    async def _tell(self, call: Call, *events: str) -> None:
        """Sends the status callbacks that the bot asked for, each after those before it."""
        line = self._lines[call.sid]
        told = [self._event(call, line, event) for event in events]
        if line.callback is None:
            return
        async with line.in_order:
            for event, fields in zip(events, told, strict=True):
                if event in line.events:
                    await self._webhooks.send(line.callback, fields)

    def _event(self, call: Call, line: Line, event: str) -> dict[str, str]:
        number, line.events_so_far = line.events_so_far, line.events_so_far + 1
        fields = self._fields(call) | {"SequenceNumber": str(number), "CallbackSource": "call-progress-events"}
        fields |= {"Timestamp": format_datetime(self._clock.now())}
        if event == "initiated":
            fields["CallStatus"] = event
        if call.status in OVER:
            fields |= {"CallDuration": str(call.seconds), "Duration": str(-(-call.seconds // 60))}
            fields |= {"SipResponseCode": SIP[call.status]} if call.status in SIP else {}
        if call.error_code is not None:
            fields["ErrorCode"] = str(call.error_code)
        return fields
