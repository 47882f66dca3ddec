"""The way out and the one turn back: messages are claimed, bound to addresses, sent by others, and recorded here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot import telemetry
from bot.domain import pace
from bot.domain.incidents import Channel, Purpose
from bot.domain.outbox import (
    AMBIGUITY,
    CHANNEL_GONE,
    CHANNEL_STEPS,
    MESSAGE_GONE,
    PAGES,
    Ambiguity,
    Delivery,
    Kind,
    MessageState,
    OutboxMessage,
    Receipt,
    backoff,
    exhausted,
    gates,
)
from bot.domain.pages import PageState
from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind
from bot.errors import SendError
from bot.messages import card, mail, notices
from bot.services import backlog, channels, escalations, operators, replies, runbooks, situations
from bot.services.outbox import post_card_again, refresh_card, say
from bot.services.work import UnitOfWork
from bot.store import escalations as pages
from bot.store import incidents, outbox, people

_REFUSED = "{provider} refuses Muster ({code}). What goes by it waits and is tried again every minute. Run muster doctor to see why."


async def claim(work: UnitOfWork, owner: str, lease: timedelta, limit: int, *, pages: bool) -> list[OutboxMessage]:
    """Up to ``limit`` messages that are ours to send until their lease runs out: only pages, or everything else."""
    return await outbox.claim_due(work.tx, owner, lease, limit, pages=pages)


async def recover(work: UnitOfWork) -> int:
    """Makes what a dead process was sending due at once; only where one process owns the database (SQLite)."""
    return await outbox.expire_leases(work.tx)


async def prepare(work: UnitOfWork, messages: Sequence[OutboxMessage], lease: timedelta) -> dict[str, Delivery]:
    """The messages with their addresses bound, by id, right before they are sent; without those that must not be sent after all.

    The tokens and the leases are checked again here, so that a process that slept past its lease sends nothing. A page that is no longer
    pending, and words that are no longer true, are taken back.
    """
    held = await outbox.confirm(work.tx, messages, lease)
    known: dict[str, Situation] = {}
    bound = [await _prepare(work, message, known) for message in messages if message.id in held]
    return {delivery.id: delivery for delivery in bound if delivery is not None}


async def _prepare(work: UnitOfWork, message: OutboxMessage, known: dict[str, Situation]) -> Delivery | None:
    """The message with its address bound; ``known`` are the situations that were read for those before it."""
    channel = await _channel_of(work, message)
    stale = await _why_not(work, message, channel)
    if stale is not None:
        await outbox.mark_ended(work.tx, message, MessageState.CANCELLED, stale, work.now)
        return None
    request = await _bind(work, await backlog.join(work, message), channel, known)
    if request is None:
        await outbox.mark_again(work.tx, message, timedelta(seconds=2), "its channel does not exist yet", ambiguous=False)
        return None
    ambiguous = message.ambiguous and AMBIGUITY[message.kind] is Ambiguity.ADOPT
    return Delivery(message.id, message.kind, request, ambiguous, message.created_real_at)


def _goes_to_a_channel(message: OutboxMessage) -> bool:
    return message.incident_id is not None and message.kind not in (*PAGES, Kind.NOTICE, Kind.DIRECT, Kind.HOME, Kind.CHANNEL)


async def _channel_of(work: UnitOfWork, message: OutboxMessage) -> Channel | None:
    """The channel that the message's lane stands for at this moment; None for a message that carries its address itself."""
    if message.incident_id is None or not _goes_to_a_channel(message):
        return None
    return await incidents.find_channel(work.tx, message.incident_id, Purpose(message.lane.partition(":")[0]))


async def _why_not(work: UnitOfWork, message: OutboxMessage, channel: Channel | None) -> str | None:
    if channel is None and _goes_to_a_channel(message):
        return "its channel is gone, and a resolved incident gets no other"
    if channel is not None and _of_a_former(channel, message):
        return "it was to be done to a channel that is gone, or to a card that was deleted"
    if message.valid_until is not None and work.now >= message.valid_until:
        return "no longer true when it could be sent"
    if message.page_id is not None:
        state = (await pages.get_page(work.tx, message.page_id)).state
        if not state.alive:
            return f"the page is {state.value}"
    return None


def _of_a_former(channel: Channel, message: OutboxMessage) -> bool:
    """Whether a step that was claimed just before its channel was lost belongs to that one."""
    own = channel.purpose is Purpose.INCIDENT and message.kind in CHANNEL_STEPS
    return own and message.after_id not in (channel.opened_by, channel.posted_by)


async def _bind(work: UnitOfWork, message: OutboxMessage, channel: Channel | None, known: dict[str, Situation]) -> Mapping[str, Any] | None:
    """The whole request; None while the address is not known."""
    if message.kind is Kind.EMAIL and message.page_id is not None:
        return mail.with_link(message.words, work.link_to(message.page_id) or mail.LINK)
    if channel is None:
        return message.words
    address = channel.channel_id or (channel.name if channel.purpose is Purpose.ANNOUNCE else None)
    if address is None:
        return None
    if message.kind in (Kind.CARD, Kind.CARD_EDIT):
        return await _card(work, message, channel, address, known)
    if message.kind in (Kind.CHECKLIST, Kind.CHECKLIST_EDIT):
        return await _checklist(work, message, address)
    if message.kind is Kind.PIN:
        return None if channel.message_ts is None else {"channel": address, "timestamp": channel.message_ts}
    if message.kind is Kind.BOOKMARK:
        return {"channel": address, "link": channel.permalink, **message.words}
    return {"channel": address, **message.words}


async def _card(
    work: UnitOfWork, message: OutboxMessage, channel: Channel, address: str, known: dict[str, Situation]
) -> Mapping[str, Any] | None:
    assert message.incident_id is not None, "a card belongs to an incident"
    if message.incident_id not in known:
        known[message.incident_id] = await situations.situation(work, message.incident_id)
    situation = known[message.incident_id]
    words = card.card(situation) if channel.purpose is Purpose.INCIDENT else card.announcement(situation)
    if message.kind is Kind.CARD:
        return {"channel": address, **words}
    return None if channel.message_ts is None else {"channel": address, "ts": channel.message_ts, **words}


async def _checklist(work: UnitOfWork, message: OutboxMessage, address: str) -> Mapping[str, Any] | None:
    assert message.incident_id is not None, "a runbook's steps belong to an incident"
    words, message_ts = await runbooks.checklist(work, message.incident_id, message.words["runbook"])
    if message.kind is Kind.CHECKLIST:
        return {"channel": address, **words}
    return None if message_ts is None else {"channel": address, "ts": message_ts, **words}


async def record(work: UnitOfWork, message: OutboxMessage, receipt: Receipt, rest: timedelta | None = None) -> None:
    """Writes down that the message was taken and what came back with it; its gate is closed for a ``rest`` where it needs one."""
    if rest is not None:
        await outbox.close_gate(work.tx, gates(message.kind, message.lane)[1], rest, pace.REASON)
    if message.page_id is not None:
        await _record_page(work, message, receipt)
    elif message.incident_id is not None:
        await _record_step(work, message, receipt)
    if not await outbox.mark_sent(work.tx, message, receipt.provider_id, work.now):
        telemetry.logger().warning("sent_after_losing_the_claim", message_id=message.id, kind=message.kind.value)


async def _record_step(work: UnitOfWork, message: OutboxMessage, receipt: Receipt) -> None:
    assert message.incident_id is not None, "a step belongs to an incident"
    if message.kind is Kind.CHANNEL:
        values = {"channel_id": receipt.provider_id, "name": receipt.facts.get("name", message.words["name"])}
        await incidents.mark_made(work.tx, message.id, **values)
        await _show_the_way(work, message.incident_id)
    elif message.kind is Kind.CARD:
        values = {"message_ts": receipt.provider_id, "permalink": receipt.facts.get("permalink")}
        await incidents.mark_made(work.tx, message.id, channel_id=receipt.facts.get("channel"), **values)
    elif message.kind is Kind.INVITE and receipt.facts.get("failed"):
        await _say_left_out(work, message.incident_id, receipt.facts["failed"])


async def _show_the_way(work: UnitOfWork, incident_id: str) -> None:
    """Has an announcement that stands already say where the incident is worked on now."""
    announced = await incidents.find_channel(work.tx, incident_id, Purpose.ANNOUNCE)
    if announced is not None and announced.message_ts is not None:
        await refresh_card(work, incident_id, [Purpose.ANNOUNCE])


async def _say_left_out(work: UnitOfWork, incident_id: str, failed: Mapping[str, str]) -> None:
    """Says who could not be invited, and why, by the names that we know them by."""
    names = {user_id: member.name for user_id in failed if (member := await people.find_by_slack(work.tx, user_id)) is not None}
    left_out = [f"{names.get(user_id, user_id)} ({error})" for user_id, error in failed.items()]
    facts = {"what": Kind.INVITE.value, "error": ", ".join(sorted(set(failed.values()))), "attempts": 1}
    await work.write(EntryKind.DELIVERY_FAILED, incident_id, text=f"not invited: {', '.join(left_out)}", facts=facts)
    await say(work, incident_id, notices.not_invited(await situations.situation(work, incident_id), left_out))


async def _record_page(work: UnitOfWork, message: OutboxMessage, receipt: Receipt) -> None:
    assert message.page_id is not None, "asked for a page's message only"
    if receipt.provider_id is not None:
        await pages.hold_receipts(work.tx, receipt.provider_id, work.now)
    page = await pages.get_page(work.tx, message.page_id)
    await incidents.lock_incident(work.tx, page.incident_id)
    telemetry.count_page(page.road, "sent")
    values = {"provider_id": receipt.provider_id, "sent_at": work.now}
    if not await pages.mark_page(work.tx, page.id, PageState.SENT, **values):
        await pages.note_provider_id(work.tx, page.id, receipt.provider_id, work.now)
    facts = {"person_id": page.person_id, "page_id": page.id, "road": page.road, "code": page.code}
    await work.write(EntryKind.PAGE_SENT, page.incident_id, facts=facts | {"attempts": message.attempts})
    for status, error_code in await pages.list_receipts(work.tx, receipt.provider_id or ""):
        if status.final:
            await replies.apply_receipt(work, await pages.get_page(work.tx, page.id), status, error_code)


async def fail(work: UnitOfWork, message: OutboxMessage, error: SendError, jitter: float, channel_id: str | None = None) -> None:
    """Puts the message back with a durable backoff, closes the gate that the provider asked for, or gives it up.

    A provider that refuses all of us is told to the operators by the other roads, for nothing else would tell them.
    When the incident's channel ``channel_id`` is gone for us, the message goes to the one that takes its place.
    """
    if error.gate is not None and error.retry_after is not None:
        provider_gate, method_gate = gates(message.kind, message.lane)
        gate = provider_gate if error.gate == provider_gate else method_gate
        await outbox.close_gate(work.tx, gate, error.retry_after, str(error))
        if gate == provider_gate:
            await operators.alarm(work, _REFUSED.format(provider=message.kind.provider.capitalize(), code=error.code))
    if error.code in CHANNEL_GONE and channel_id is not None and await _moves(work, message, channel_id, error):
        await _follow(work, message, str(error))
        return
    if error.code == MESSAGE_GONE and message.kind in (Kind.CARD_EDIT, Kind.PIN, Kind.CHECKLIST_EDIT) and message.incident_id is not None:
        await outbox.mark_ended(work.tx, message, MessageState.SUPERSEDED, str(error), work.now)
        await _post_again(work, message, message.incident_id)
        return
    if error.permanent or exhausted(message.kind, message.attempts):
        await _give_up(work, message, error)
        return
    after = max(error.retry_after or timedelta(), backoff(message.attempts, jitter))
    await outbox.mark_again(work.tx, message, after, str(error), ambiguous=message.ambiguous or error.ambiguous)


async def _post_again(work: UnitOfWork, message: OutboxMessage, incident_id: str) -> None:
    """Has what somebody deleted, and was to be changed, posted anew."""
    incident = await incidents.lock_incident(work.tx, incident_id)
    if message.kind is Kind.CHECKLIST_EDIT:
        await runbooks.post_checklist(work, incident.id, message.words["runbook"])
    else:
        await post_card_again(work, incident, Purpose(message.lane.partition(":")[0]))


async def _follow(work: UnitOfWork, message: OutboxMessage, why: str) -> None:
    """Has words said in the incident's next channel; a step of the former one is not made in it, for it has steps of its own."""
    if message.kind in CHANNEL_STEPS:
        await outbox.mark_ended(work.tx, message, MessageState.SUPERSEDED, why, work.now)
    else:
        await outbox.mark_again(work.tx, message, timedelta(), why, ambiguous=False)


async def _moves(work: UnitOfWork, message: OutboxMessage, channel_id: str, error: SendError) -> bool:
    """Whether the message has a channel to go to in place of the one that was lost; it is opened where it is not yet."""
    if message.incident_id is None or not message.lane.startswith(Purpose.INCIDENT.value):
        return False
    await channels.lost(work, channel_id, str(error))
    live = await incidents.find_channel(work.tx, message.incident_id, Purpose.INCIDENT)
    return live is not None and live.channel_id != channel_id


async def _give_up(work: UnitOfWork, message: OutboxMessage, error: SendError) -> None:
    if not await outbox.mark_ended(work.tx, message, MessageState.DEAD, str(error), work.now):
        return
    telemetry.count_dead_letter(message.kind.value)
    await _give_up_behind(work, message, error)
    if message.page_id is not None:
        page = await pages.get_page(work.tx, message.page_id)
        await incidents.lock_incident(work.tx, page.incident_id)
        telemetry.count_page(page.road, "failed")
        await escalations.fail_page(work, page, str(error), error.code or None)
    elif message.incident_id is not None:
        await incidents.lock_incident(work.tx, message.incident_id)
        await _say_failed(work, message, error)


async def _give_up_behind(work: UnitOfWork, message: OutboxMessage, error: SendError) -> None:
    """Gives up whatever waits for a message that will never be sent, and what waits for that."""
    for waiting in await outbox.list_waiting_for(work.tx, message.id):
        await outbox.mark_dead(work.tx, waiting.id, f"waits for {message.kind.value}, which failed: {error}", work.now)
        await _give_up_behind(work, waiting, error)


async def _say_failed(work: UnitOfWork, message: OutboxMessage, error: SendError) -> None:
    assert message.incident_id is not None, "asked for an incident's message only"
    facts = {"what": message.kind.value, "error": error.code or "error", "attempts": message.attempts}
    await work.write(EntryKind.DELIVERY_FAILED, message.incident_id, text=str(error), facts=facts)
    notice = notices.delivery_failed(message.kind.value, str(error))
    if message.kind is Kind.CHANNEL:
        words = notices.announced(await situations.situation(work, message.incident_id), notice)
        await say(work, message.incident_id, words, purpose=Purpose.ANNOUNCE)
    elif message.kind not in (Kind.POST, Kind.CARD_EDIT, Kind.CHECKLIST_EDIT):
        await say(work, message.incident_id, notice)
