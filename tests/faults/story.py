"""The story of an incident by every road, the places to kill the bot at while it is told, and what has to hold in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot.crashpoints import CrashPoint
from bot.domain.outbox import Kind
from bot.sandbox.calls import OVER
from bot.sandbox.mailbox import Mail
from tests.faults.process import Process, open_process
from tests.house import SECRETS, alert
from tests.policies import ANA_MAIL, TIM, TIM_MAIL, calling_by, policy_data
from tests.web.amazon import HOST, SUBSCRIBE_URL, TOPIC, certificate, confirmation

API = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
MONITOR = {"Authorization": f"Bearer {SECRETS['PROMETHEUS_SECRET']}"}
ONE_OF_A_LANE = (Kind.CHANNEL, Kind.SMS)
"""Before anything went out all kinds are alike: one of each of the dispatcher's lanes stands for them."""
OUTSIDE = (CrashPoint.BEFORE_INTAKE_COMMIT, CrashPoint.AFTER_INTAKE_COMMIT)
SENDING: Mapping[CrashPoint, Iterable[Kind]] = {
    CrashPoint.AFTER_CLAIM: ONE_OF_A_LANE,
    CrashPoint.BEFORE_SEND: ONE_OF_A_LANE,
    CrashPoint.AFTER_SEND: Kind,
    CrashPoint.AFTER_RECORD: Kind,
}
SOURCES = policy_data()["sources"] | {"alarms": {"kind": "cloudwatch", "topics": [TOPIC]}}
RUNBOOKS = {"errors": {"title": "Errors", "link": "https://wiki.example.com/errors"}}
WITH_RUNBOOKS = {"runbooks": RUNBOOKS, "routes": [{**route, "runbook": "errors"} for route in policy_data()["routes"]]}
TOLD = [{"who": ["ana"], "by": ["email"]}]
"""Who is told by mail, and not called."""
ROADS = ("sms", "whatsapp", "voice", "email")
TRANSACTIONS = ("ingest", "claim", "prepare", "record", "once", "receive_receipt", "press", "call_ended", "acknowledge_by_link")
PLACES = [
    *(point.value for point in OUTSIDE),
    *(f"{point.value}@{kind.value}" for point, kinds in SENDING.items() for kind in kinds),
    *(f"{point.value}@{name}" for point in (CrashPoint.BEFORE_COMMIT, CrashPoint.AFTER_COMMIT) for name in TRANSACTIONS),
]
ON_POSTGRESQL = [
    *(point.value for point in OUTSIDE),
    *(f"after_send@{kind.value}" for kind in (Kind.CHANNEL, Kind.CARD, Kind.SMS, Kind.CALL)),
    *(f"before_commit@{name}" for name in TRANSACTIONS[:5]),
    *(f"after_commit@{name}" for name in TRANSACTIONS),
]


async def tell_the_story(process: Process) -> None:
    """An alert by every road and its answers, a topic to confirm, a resolution; what can be sent again is sent until it is answered."""
    sandbox, amazon = process.sandbox, process.amazon
    now = datetime.now(UTC)
    amazon.pem = certificate(begins_at=now - timedelta(days=1), ends_at=now + timedelta(days=1))
    await process.post("/alerts/prometheus", alert(), **MONITOR)
    await process.post("/alerts/alarms", confirmation(Timestamp=now.isoformat()))
    await process.until(lambda: SUBSCRIBE_URL.removeprefix(HOST) in amazon.asked, "the confirmation")
    await process.until(lambda: {sms.channel for sms in sandbox.phones.inbox(TIM)} == {"sms", "whatsapp"}, "the texts")
    mails = await process.until(lambda: mails_to(process, TIM_MAIL), "the mail")
    await process.until(lambda: mails_to(process, ANA_MAIL), "the mail that calls nobody")
    await process.until(lambda: look_at_home(process), "the App Home")
    await process.until(lambda: press_one(process), "the call")
    await process.until(lambda: press_the_button(process, mails[0].text), "the link")
    await process.until(lambda: [c for c in sandbox.slack.channels.values() if c.name.startswith("inc-1") and c.pins], "the pin")
    await process.post("/api/v1/incidents/INC-1/ack", {}, **API, **{"Idempotency-Key": "ack"})
    await process.until(lambda: said(process, "Steps of Errors: 0 of 1 ticked"), "the steps of the runbook")
    await process.post("/api/v1/incidents/INC-1/runbooks/tick", {"step": 1}, **API, **{"Idempotency-Key": "tick"})
    await process.until(lambda: said(process, "Steps of Errors: 1 of 1 ticked"), "the tick in the channel")
    await process.post("/api/v1/incidents/INC-1/resolve", {}, **API, **{"Idempotency-Key": "resolve"})
    await process.until(lambda: [file for file in sandbox.slack.files if file.channel], "the postmortem in the channel")
    await process.until(lambda: [c for c in sandbox.slack.channels.values() if "Status: Resolved" in str(c.messages)], "the card")


def said(process: Process, words: str) -> list[str]:
    """Where that stands in the workspace."""
    return [message.ts for channel in process.sandbox.slack.channels.values() for message in channel.messages if message.text == words]


def mails_to(process: Process, address: str) -> list[Mail]:
    return [mail for mail in process.sandbox.mailbox.messages if address in mail.to]


async def look_at_home(process: Process) -> bool:
    """Whether a person sees something in the App Home, which they open until they do."""
    slack = process.sandbox.slack
    if slack.home("U0TIM") is None:
        await slack.open_home("U0TIM")
    return slack.home("U0TIM") is not None


async def press_one(process: Process) -> bool:
    """Whether a phone that rang was answered with a key; a call whose words never came is over, and nobody makes it again."""
    phones = process.sandbox.phones
    calls = [call for call in phones.calls if call.to == TIM]
    ringing = next((call for call in calls if call.status == "ringing"), None)
    if ringing is not None:
        await phones.answer(ringing.sid)
        if ringing.waits_for_key:
            await phones.press(ringing.sid, "1")
    return any(call.status in OVER for call in calls)


async def press_the_button(process: Process, mail: str) -> bool:
    """Whether the link of a mail was answered: it acknowledged, or somebody had been first."""
    path = mail.partition(process.sandbox.phones.public_url)[2].split()[0]
    try:
        async with process.http.post(f"{process.url}{path}") as response:
            return response.status in (200, 410)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False


async def kill_at(place: str, tmp_path: Path, database_url: str) -> None:
    """Tells the story to a bot that dies at the place, and checks that it ends as if nothing had happened."""
    calling = calling_by(*ROADS)
    calling["severities"][0]["tell"] = TOLD
    async with open_process(tmp_path, database_url, sources=SOURCES, **WITH_RUNBOOKS, **calling) as process:
        await process.start(f"{place}:1")
        await tell_the_story(process)
        await process.until(lambda: process.ask("GET", "/readyz"), "the bot to be ready")
        assert process.deaths == 1, f"{place} was not reached"
        channels = [channel for channel in process.sandbox.slack.channels.values() if channel.name.startswith("inc-")]
        assert [channel.name for channel in channels] == ["inc-1-checkout-returns-500-for-card-payments"]
        phones = process.sandbox.phones
        calls = [call for call in phones.calls if call.to == TIM]
        sent = [len(phones.inbox(TIM, "sms")), len(phones.inbox(TIM, "whatsapp")), len(calls), len(mails_to(process, TIM_MAIL))]
        sent.append(len(mails_to(process, ANA_MAIL)))
        assert all(1 <= count <= 2 for count in sent), "at least once by each road, and at most once more for one crash"
        assert sum("was acknowledged by" in message.text for message in channels[0].messages) == 1
        cards = [message for message in channels[0].messages if message.text.startswith("[P0]")]
        assert len(cards) == 1, "a card whose answer was lost is adopted, not posted again"
        assert len(channels[0].bookmarks) == 1
        assert len(said(process, "Steps of Errors: 1 of 1 ticked")) == 1, "steps whose answer was lost are adopted as well"
        shown = await process.show()
        assert shown["status"] == "Resolved"
        await process.kill()
        code, printed = await process.run("audit", "verify")
        assert code == 0, printed
