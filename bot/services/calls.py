"""Calls and mails: what is said, what a key or a link does, and what became of a call (B4, C5).

Being picked up is no answer, and neither is a voicemail, a wrong key or silence: the page stays alive until its ring's delay is over, or
fails at once where nobody was reached.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.incidents import Road
from bot.domain.pages import Answer, Page, ReceiptStatus
from bot.domain.timeline import EntryKind
from bot.messages import voice
from bot.services import once, replies
from bot.services.work import UnitOfWork
from bot.store import escalations as rows
from bot.store import incidents as incident_rows
from bot.store import people

ASKED_AGAIN = 2
"""How often a call asks again after no key or a wrong one."""
_KEYS = {"1": Answer.ACKNOWLEDGE, "2": Answer.ESCALATE}
_MACHINES = ("machine", "fax")
_PICKED_UP = frozenset(["in-progress", "completed"])


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a call says next; ``asks`` when it waits for a key after that."""

    words: str
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """The page behind a link: what it is about, and why it waits for no answer any more where that is so."""

    reference: str
    severity: str
    title: str
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a link's button did, as a sentence; ``done`` when this press acknowledged, ``ended`` when there was nothing left to."""

    words: str
    done: bool = False
    ended: bool = False


async def voice_words(work: UnitOfWork, page_id: str) -> Spoken:
    """What a call that was picked up says; one whose page waits for nothing any more says so, and asks for nothing."""
    page = await rows.find_page(work.tx, page_id)
    if page is None:
        return Spoken(voice.ended())
    if not await replies.awaits_answer(work, page):
        return Spoken(voice.speakable(await replies.why_ended(work, page)))
    return Spoken(await _about(work, page), asks=True)


async def _about(work: UnitOfWork, page: Page) -> str:
    incident = await incident_rows.get_incident(work.tx, page.incident_id)
    return voice.page(incident.reference, incident.severity, incident.title)


async def press(work: UnitOfWork, page_id: str, digits: str, call_sid: str, asked: int = 0) -> Spoken:
    """What a call says after a key: 1 acknowledges, 2 escalates, once a call; anything else is asked again, ASKED_AGAIN times at most.

    ``asked`` is how often it has been asked again already. A key that comes again gets the first one's sentence.
    """
    known = await once.answered(work, _key_of(call_sid))
    if known is not None:
        return Spoken(known.answer)
    page = await rows.find_page(work.tx, page_id)
    if page is None:
        return Spoken(voice.ended())
    if digits not in _KEYS:
        return await _ask_again(work, page, digits, asked)
    member = await people.get_person(work.tx, page.person_id)
    words = voice.speakable(await replies.answer_page(work, member, page, _KEYS[digits], Road.VOICE))
    await once.remember(work, _key_of(call_sid), once.digest(digits.encode()), words)
    return Spoken(words)


def _key_of(call_sid: str) -> str:
    return f"call:{call_sid}"


async def _ask_again(work: UnitOfWork, page: Page, digits: str, asked: int) -> Spoken:
    facts = {"why": "wrong key" if digits else "no key"}
    await work.write(EntryKind.REPLY_REFUSED, None, actor_id=page.person_id, facts=facts)
    if not await replies.awaits_answer(work, page):
        return Spoken(voice.speakable(await replies.why_ended(work, page)))
    if asked >= ASKED_AGAIN:
        return Spoken(voice.goodbye())
    return Spoken(voice.again(await _about(work, page), pressed=bool(digits)), asks=True)


def is_machine(answered_by: str | None) -> bool:
    """Whether a voicemail or a fax picked up; where nobody can tell, it was a person."""
    return (answered_by or "").startswith(_MACHINES)


async def call_ended(work: UnitOfWork, call_sid: str, status: str, answered_by: str | None) -> None:
    """Takes what became of a call, once, in any order: nobody reached fails the page at once, a person who pressed nothing does not.

    A call that we have not recorded yet is kept and matched when it is. A machine counts as nobody.
    """
    if status.strip().lower() in _PICKED_UP and is_machine(answered_by):
        await replies.take_receipt(work, call_sid, ReceiptStatus.UNDELIVERED, replies.MACHINE)
    else:
        await replies.receive_receipt(work, call_sid, status, None)


async def linked_page(work: UnitOfWork, page_id: str) -> Linked | None:
    """What a link is about; it changes nothing, so that whatever fetches it before a person does spends nothing."""
    page = await rows.find_page(work.tx, page_id)
    if page is None:
        return None
    incident = await incident_rows.get_incident(work.tx, page.incident_id)
    ended = None if await replies.awaits_answer(work, page) else await replies.why_ended(work, page)
    return Linked(incident.reference, incident.severity, incident.title, ended)


async def acknowledge_by_link(work: UnitOfWork, page_id: str) -> Acknowledged | None:
    """Acknowledges for the person who was mailed; None when there is no such page."""
    page = await rows.find_page(work.tx, page_id)
    if page is None:
        return None
    await incident_rows.lock_incident(work.tx, page.incident_id)
    if not await replies.awaits_answer(work, page):
        return Acknowledged(await replies.why_ended(work, page), ended=True)
    member = await people.get_person(work.tx, page.person_id)
    words = await replies.answer_page(work, member, page, Answer.ACKNOWLEDGE, Road.EMAIL)
    return Acknowledged(words, done=not await replies.awaits_answer(work, page))
