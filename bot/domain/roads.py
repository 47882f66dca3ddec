"""Roads to a person: which to take, in which order, and which to take instead when one fails (S2, C5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.outbox import Kind
from bot.domain.people import Member
from bot.domain.policy import RoadStep
from bot.domain.severity import Road

KINDS = {Road.SMS: Kind.SMS, Road.WHATSAPP: Kind.WHATSAPP, Road.VOICE: Kind.CALL, Road.EMAIL: Kind.EMAIL}
ANY = (Road.SMS, Road.WHATSAPP, Road.VOICE, Road.EMAIL)
"""The roads of a severity that calls nobody by itself: by hand one is called by the first that leads to them, or as they wish."""
_INSTEAD = {Road.WHATSAPP: Road.SMS}
"""What a road that failed is replaced by although nobody named it: WhatsApp refuses what SMS carries (63016)."""


@dataclass(frozen=True, slots=True)
class Step:
    """A page to come: by which road, to which address (E.164, or an e-mail address), how long after the ring began."""

    road: Road
    after: timedelta
    address: str


def address_of(member: Member, road: Road) -> str | None:
    """Where the road leads for that person; None when it cannot be taken: no address, or its owner wrote STOP."""
    if road is Road.EMAIL:
        return member.email
    if road in (Road.SMS, Road.WHATSAPP):
        return member.phone if member.textable else None
    return member.phone


def steps(member: Member, allowed: Sequence[Road], wished: Sequence[RoadStep]) -> tuple[Step, ...]:
    """How to call the person by the ``allowed`` roads: in their own order with their own delays, where they wished for any of them.

    Somebody whose wishes rule out everything that is allowed and possible is called by whatever is possible, the first step at once.
    """
    wanted = [(step.road, step.after) for step in wished if step.road in allowed]
    found = _possible(member, wanted) or _possible(member, [(road, timedelta()) for road in allowed])
    if not found:
        return ()
    first = min(step.after for step in found)
    return tuple(sorted((Step(step.road, step.after - first, step.address) for step in found), key=lambda step: step.after))


def _possible(member: Member, wanted: Sequence[tuple[Road, timedelta]]) -> list[Step]:
    reached = ((road, after, address_of(member, road)) for road, after in dict(reversed(wanted)).items())
    order = [road for road, _ in wanted]
    found = [Step(road, after, address) for road, after, address in reached if address is not None]
    return sorted(found, key=lambda step: order.index(step.road))


def instead_of(failed: Road, member: Member, planned: Sequence[Step], taken: Collection[Road]) -> Step | None:
    """The road to take at once after ``failed``: the next of the plan that was not taken yet, or the one that stands in for it."""
    left = [step for step in planned if step.road not in taken]
    if left:
        return left[0]
    other = _INSTEAD.get(failed)
    address = None if other is None or other in taken else address_of(member, other)
    return None if other is None or address is None else Step(other, timedelta(), address)
