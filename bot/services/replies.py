"""What comes back from phones: replies, and the receipts of the provider (B4, complaints 5, 9, 16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import severity
from bot.domain.incidents import Road
from bot.domain.pages import Answer, Page, PageState, ReceiptStatus, Reply, parse_reply, receipt_status
from bot.domain.people import Member
from bot.domain.timeline import EntryKind
from bot.errors import Refused
from bot.messages import sms
from bot.services import escalations, incidents, once, situations
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import escalations as rows
from bot.store import incidents as incident_rows
from bot.store import people

HINT_EVERY = timedelta(hours=1)
"""How often a phone is told at most that its words mean nothing here: an auto-responder must not keep us talking (SECURITY)."""
_WHATSAPP = "whatsapp:"
_TEXTED = (severity.Road.SMS.value, severity.Road.WHATSAPP.value)
"""The roads that STOP by SMS closes (domain.roads)."""
_OF_CALLS = {
    "ringing": ReceiptStatus.SENT,
    "in-progress": ReceiptStatus.DELIVERED,
    "completed": ReceiptStatus.DELIVERED,
    "busy": ReceiptStatus.UNDELIVERED,
    "no-answer": ReceiptStatus.UNDELIVERED,
}
"""What a provider says of calls beyond what it says of texts; taken, whether a key was pressed or not, is delivered."""
MACHINE = "machine"
_NOT_REACHED = {"busy": "the line is busy", "no-answer": "nobody picked up", MACHINE: "a machine picked up"}
_REASONS = {ReceiptStatus.UNDELIVERED: "the carrier could not deliver it", ReceiptStatus.FAILED: "it could not be sent"}


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a WhatsApp template that was pressed, and the message (by its provider's id) under which it stood."""

    payload: str = ""
    text: str = ""
    under: str | None = None


async def receive(work: UnitOfWork, sender: str, text: str, button: Button | None = None) -> str | None:
    """The sentence to answer a reply with; None means silence: for a number that nobody here has, and for one that was told already.

    ``sender`` is a number, or ``whatsapp:`` and a number. It answers pages to that number, whichever road they took to the phone: a
    call that could take no key is answered by text.
    """
    road = Road.WHATSAPP if sender.startswith(_WHATSAPP) else Road.SMS
    address = sender.removeprefix(_WHATSAPP)
    member = await people.find_by_phone(work.tx, address)
    if member is None:
        await work.write(EntryKind.REPLY_REFUSED, None, facts={"why": "unknown number"})
        return None
    reply = _read(text, button)
    if reply.answer in (Answer.OPT_OUT, Answer.OPT_IN):
        return await _opt(work, member, reply, road)
    if not await rows.was_paged_since(work.tx, address, work.now - rows.RECENT):
        return await _hint(work, member, sender, "was not paged", sms.not_paged())
    if reply.answer is Answer.UNCLEAR:
        return await _hint(work, member, sender, "not understood", sms.unclear())
    page = await _page_under(work, address, reply, button)
    if page is not None:
        return await answer_page(work, member, page, reply.answer, road)
    return await _answer(work, member, address, reply, road)


def _read(text: str, button: Button | None) -> Reply:
    """What a reply means: a button by its payload, else its label, else as words."""
    said = (text,) if button is None else (button.payload, button.text, text)
    readings = [parse_reply(words) for words in said]
    return next((reply for reply in readings if reply.answer is not Answer.UNCLEAR), readings[-1])


async def _page_under(work: UnitOfWork, address: str, reply: Reply, button: Button | None) -> Page | None:
    """The page of that number to which a reply was tied; a code that was typed says more than the message it was typed under."""
    if button is None or button.under is None or (reply.code is not None and not (button.payload or button.text)):
        return None
    page = await rows.find_by_provider_id(work.tx, button.under)
    return page if page is not None and page.address == address else None


async def _opt(work: UnitOfWork, member: Member, reply: Reply, road: Road) -> str | None:
    """Heeds STOP and START: by SMS for texts altogether, by WhatsApp for the pages that ring there now (WhatsApp keeps its own list)."""
    out = reply.answer is Answer.OPT_OUT
    what = "texts" if road is Road.SMS else road.value
    if road is Road.SMS:
        await people.mark_opted_out(work.tx, member.id, work.now if out else None)
    facts = {"what": f"opted out of {what}" if out else f"opted in to {what}", "person_id": member.id}
    await work.write(EntryKind.NOTE, None, actor_id=member.id, facts=facts)
    if out:
        stopped = _TEXTED if road is Road.SMS else (severity.Road.WHATSAPP.value,)
        for page in await rows.list_alive_at(work.tx, member.phone or ""):
            if page.road in stopped:
                await incident_rows.lock_incident(work.tx, page.incident_id)
                await escalations.fail_page(work, page, f"opted out of {what}", "21610")
    return None


async def _refuse(work: UnitOfWork, member: Member, why: str, answer: str) -> str:
    await work.write(EntryKind.REPLY_REFUSED, None, actor_id=member.id, facts={"why": why})
    return answer


async def _hint(work: UnitOfWork, member: Member, sender: str, why: str, answer: str) -> str | None:
    """The refusal, to each sender once an HINT_EVERY; what is not answered stands in the audit all the same."""
    answer = await _refuse(work, member, why, answer)
    return answer if await once.first_within(work, f"hint:{why}:{sender}", HINT_EVERY) else None


async def _answer(work: UnitOfWork, member: Member, address: str, reply: Reply, road: Road) -> str:
    alive = await rows.list_alive_at(work.tx, address)
    if reply.code is None:
        runs = {page.escalation_id: page for page in reversed(alive)}
        if len(runs) != 1:
            return await _ask_which(work, member, list(runs.values()))
        page = next(iter(runs.values()))
    else:
        found = await rows.find_by_code(work.tx, address, reply.code)
        if found is None:
            return await _refuse(work, member, f"no page #{reply.code}", sms.no_such_code(reply.code))
        page = found
    return await answer_page(work, member, page, reply.answer, road)


async def _ask_which(work: UnitOfWork, member: Member, alive: list[Page]) -> str:
    if not alive:
        return await _refuse(work, member, "no live page", sms.nothing_live())
    choices = [((await incident_rows.get_incident(work.tx, page.incident_id)).reference, page.code) for page in alive]
    return sms.which_one(choices)


async def answer_page(work: UnitOfWork, member: Member, page: Page, answer: Answer, road: Road) -> str:
    """Does what somebody answered to a page, acknowledge or escalate, and says what happened (B4).

    A refusal is a sentence, too; it leaves the page alive, for the chain rings on.
    """
    try:
        return await _act(work, member, page, answer, road)
    except Refused as refusal:
        return await _refuse(work, member, refusal.code, sms.refused(str(refusal)))


async def _act(work: UnitOfWork, member: Member, page: Page, answer: Answer, road: Road) -> str:
    incident = await incident_rows.lock_incident(work.tx, page.incident_id)
    run = await rows.get_escalation(work.tx, page.escalation_id)
    if not incident.open:
        return sms.ended(incident.reference)
    require_act(member)
    if answer is Answer.ESCALATE:
        return await _escalate(work, member, page, incident.reference, ended=run.ended_at is not None)
    await rows.mark_page(work.tx, page.id, PageState.ANSWERED, ended_at=work.now)
    facts = {"person_id": member.id, "page_id": page.id, "code": page.code, "road": page.road}
    await work.write(EntryKind.PAGE_ANSWERED, incident.id, actor_id=member.id, facts=facts)
    done = await incidents.acknowledge(work, incident.id, member.id, road, run.clock)
    if done.first or done.incident.acknowledged_by == member.id:
        return sms.acknowledged(incident.reference)
    policy = await work.policy_of(incident.policy_digest)
    at = done.incident.acknowledged_at or work.now
    return sms.already(incident.reference, done.name, at, tuple(policy.zones))


async def _escalate(work: UnitOfWork, member: Member, page: Page, reference: str, *, ended: bool) -> str:
    if ended:
        return await why_ended(work, page)
    facts = {"person_id": member.id, "page_id": page.id, "code": page.code, "road": page.road, "asked": "escalate"}
    await work.write(EntryKind.PAGE_ANSWERED, page.incident_id, actor_id=member.id, facts=facts)
    await escalations.go_up(work, page.escalation_id)
    return sms.escalated(reference)


async def why_ended(work: UnitOfWork, page: Page) -> str:
    """Why a page waits for no answer any more: who acknowledged it and when, or that nothing rings."""
    situation = await situations.situation(work, page.incident_id)
    incident = situation.incident
    if not incident.open or incident.acknowledged_at is None:
        return sms.ended(incident.reference)
    return sms.already(incident.reference, situation.name(incident.acknowledged_by), incident.acknowledged_at, situation.zones)


async def awaits_answer(work: UnitOfWork, page: Page) -> bool:
    """Whether an answer to the page can still change anything: its incident is open and its chain still rings."""
    incident = await incident_rows.get_incident(work.tx, page.incident_id)
    return incident.open and await rows.is_running(work.tx, page.escalation_id)


async def receive_receipt(work: UnitOfWork, provider_id: str, word: str, error_code: str | None) -> None:
    """Takes a provider's receipt for a text or a call: once, in any order, never backwards; a bad one moves the chain on at once.

    One for a message that we have not recorded yet is kept and matched when it is.
    """
    said = word.strip().lower()
    status = receipt_status(said) or _OF_CALLS.get(said)
    if status is not None:
        await take_receipt(work, provider_id, status, error_code or (said if said in _NOT_REACHED else None))


async def take_receipt(work: UnitOfWork, provider_id: str, status: ReceiptStatus, error_code: str | None) -> None:
    """Takes what became of a text or a call; see ``receive_receipt``."""
    await rows.hold_receipts(work.tx, provider_id, work.now)
    if not await rows.add_receipt(work.tx, provider_id, status, error_code, work.now):
        return
    page = await rows.find_by_provider_id(work.tx, provider_id) if status.final else None
    if page is not None:
        await apply_receipt(work, page, status, error_code)


async def apply_receipt(work: UnitOfWork, page: Page, status: ReceiptStatus, error_code: str | None) -> None:
    """What a receipt means for its page."""
    await incident_rows.lock_incident(work.tx, page.incident_id)
    page = await rows.get_page(work.tx, page.id)
    if status.bad:
        await escalations.fail_page(work, page, _why_not_reached(page, status, error_code), error_code)
    elif status is ReceiptStatus.DELIVERED and page.state is not PageState.DELIVERED:
        await _delivered(work, page, work.now)


def _why_not_reached(page: Page, status: ReceiptStatus, error_code: str | None) -> str:
    if error_code in _NOT_REACHED:
        return _NOT_REACHED[error_code]
    reason = "the call could not be put through" if page.road == severity.Road.VOICE else _REASONS[status]
    return f"{reason} (code {error_code})" if error_code else reason


async def _delivered(work: UnitOfWork, page: Page, at: datetime) -> None:
    if await rows.mark_page(work.tx, page.id, PageState.DELIVERED, delivered_at=at):
        facts = {"person_id": page.person_id, "page_id": page.id, "road": page.road, "code": page.code}
        await work.write(EntryKind.PAGE_DELIVERED, page.incident_id, facts=facts)
