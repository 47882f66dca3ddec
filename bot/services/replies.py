"""What comes back from phones: replies, and the receipts of the provider (B4, complaints 5, 9, 16)."""

from __future__ import annotations

from datetime import datetime

from bot.domain.incidents import Road
from bot.domain.pages import Answer, Page, PageState, ReceiptStatus, Reply, parse_reply, receipt_status
from bot.domain.people import Member
from bot.domain.timeline import EntryKind
from bot.errors import InvalidTransition, Refused
from bot.messages import sms
from bot.services import escalations, incidents, situations
from bot.services.work import UnitOfWork
from bot.store import escalations as rows
from bot.store import incidents as incident_rows
from bot.store import people

_ROADS = {"sms": Road.SMS}
_REASONS = {ReceiptStatus.UNDELIVERED: "the carrier could not deliver it", ReceiptStatus.FAILED: "it could not be sent"}


async def receive(work: UnitOfWork, address: str, text: str) -> str | None:
    """The sentence to answer a reply with; None means silence, for a number that nobody here has."""
    member = await people.find_by_phone(work.tx, address)
    if member is None:
        await work.write(EntryKind.REPLY_REFUSED, None, facts={"why": "unknown number"})
        return None
    reply = parse_reply(text)
    if reply.answer in (Answer.OPT_OUT, Answer.OPT_IN):
        return await _opt(work, member, reply)
    if not await rows.was_paged_since(work.tx, address, work.now - rows.RECENT):
        return await _refuse(work, member, "was not paged", sms.not_paged())
    if reply.answer is Answer.UNCLEAR:
        return await _refuse(work, member, "not understood", sms.unclear())
    return await _answer(work, member, address, reply)


async def _opt(work: UnitOfWork, member: Member, reply: Reply) -> str | None:
    out = reply.answer is Answer.OPT_OUT
    await people.mark_opted_out(work.tx, member.id, work.now if out else None)
    facts = {"what": "opted out of texts" if out else "opted in to texts", "person_id": member.id}
    await work.write(EntryKind.NOTE, None, actor_id=member.id, facts=facts)
    if out:
        for page in await rows.list_alive_at(work.tx, member.phone or ""):
            await incident_rows.lock_incident(work.tx, page.incident_id)
            await escalations.fail_page(work, page, "opted out of texts", "21610")
    return None


async def _refuse(work: UnitOfWork, member: Member, why: str, answer: str) -> str:
    await work.write(EntryKind.REPLY_REFUSED, None, actor_id=member.id, facts={"why": why})
    return answer


async def _answer(work: UnitOfWork, member: Member, address: str, reply: Reply) -> str:
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
    try:
        return await _act(work, member, page, reply)
    except Refused as refusal:
        return await _refuse(work, member, refusal.code, sms.refused(str(refusal)))


async def _ask_which(work: UnitOfWork, member: Member, alive: list[Page]) -> str:
    if not alive:
        return await _refuse(work, member, "no live page", sms.nothing_live())
    choices = [((await incident_rows.get_incident(work.tx, page.incident_id)).reference, page.code) for page in alive]
    return sms.which_one(choices)


async def _act(work: UnitOfWork, member: Member, page: Page, reply: Reply) -> str:
    incident = await incident_rows.lock_incident(work.tx, page.incident_id)
    run = await rows.get_escalation(work.tx, page.escalation_id)
    if not incident.open:
        return sms.ended(incident.reference)
    if reply.answer is Answer.ESCALATE:
        return await _escalate(work, member, page, incident.reference, ended=run.ended_at is not None)
    await rows.mark_page(work.tx, page.id, PageState.ANSWERED, ended_at=work.now)
    facts = {"person_id": member.id, "page_id": page.id, "code": page.code, "road": page.road}
    await work.write(EntryKind.PAGE_ANSWERED, incident.id, actor_id=member.id, facts=facts)
    done = await incidents.acknowledge(work, incident.id, member.id, _ROADS[page.road], run.clock)
    if done.first or done.incident.acknowledged_by == member.id:
        return sms.acknowledged(incident.reference)
    policy = await work.policy_of(incident.policy_digest)
    at = done.incident.acknowledged_at or work.now
    return sms.already(incident.reference, done.name, at, tuple(policy.zones))


async def _escalate(work: UnitOfWork, member: Member, page: Page, reference: str, *, ended: bool) -> str:
    if ended:
        situation = await situations.situation(work, page.incident_id)
        acknowledged_at = situation.incident.acknowledged_at
        if acknowledged_at is None:
            return sms.ended(reference)
        return sms.already(reference, situation.name(situation.incident.acknowledged_by), acknowledged_at, situation.zones)
    if not member.access.may_act:
        raise InvalidTransition("You cannot act on incidents here. Ask an owner of the policy.")
    facts = {"person_id": member.id, "page_id": page.id, "code": page.code, "road": page.road, "asked": "escalate"}
    await work.write(EntryKind.PAGE_ANSWERED, page.incident_id, actor_id=member.id, facts=facts)
    await escalations.go_up(work, page.escalation_id)
    return sms.escalated(reference)


async def receive_receipt(work: UnitOfWork, provider_id: str, word: str, error_code: str | None) -> None:
    """Takes a provider's receipt: once, in any order, never backwards; a bad one moves the chain on at once.

    One for a message that we have not recorded yet is kept and matched when it is.
    """
    status = receipt_status(word)
    if status is None or not await rows.add_receipt(work.tx, provider_id, status, error_code, work.now):
        return
    page = await rows.find_by_provider_id(work.tx, provider_id)
    if page is not None:
        await apply_receipt(work, page, status, error_code)


async def apply_receipt(work: UnitOfWork, page: Page, status: ReceiptStatus, error_code: str | None) -> None:
    """What a receipt means for its page."""
    await incident_rows.lock_incident(work.tx, page.incident_id)
    page = await rows.get_page(work.tx, page.id)
    if status.bad:
        code = f" (code {error_code})" if error_code else ""
        await escalations.fail_page(work, page, f"{_REASONS[status]}{code}", error_code)
    elif status is ReceiptStatus.DELIVERED and page.state is not PageState.DELIVERED:
        await _delivered(work, page, work.now)


async def _delivered(work: UnitOfWork, page: Page, at: datetime) -> None:
    if await rows.mark_page(work.tx, page.id, PageState.DELIVERED, delivered_at=at):
        facts = {"person_id": page.person_id, "page_id": page.id, "road": page.road, "code": page.code}
        await work.write(EntryKind.PAGE_DELIVERED, page.incident_id, facts=facts)
