"""Refused requests that are many become an alert of our own, once for as long as they go on (W6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.alert import Alert
from bot.domain.episodes import Episode, EpisodeKind
from bot.domain.own import own_alert, own_delivery
from bot.domain.security import Suspect, Suspicion
from bot.messages import signals
from bot.services import alerts
from bot.services.work import UnitOfWork
from bot.store import episodes

AT_ONCE = 20
"""Addresses that are told of one by one at a time; whoever has more of them gets one alert for all the others."""


async def note(work: UnitOfWork, suspects: Sequence[Suspect]) -> None:
    """Begins an episode for each suspect, with its alert, or lets the one that goes on last longer."""
    begun: list[Alert] = []
    for suspect in suspects:
        begun += await _note(work, suspect)
    if begun:
        await alerts.ingest(work, [own_delivery(begun, work.now, work.request_id)])


async def _note(work: UnitOfWork, suspect: Suspect) -> list[Alert]:
    rules = work.policy.security.refusals
    going_on = {episode.subject: episode for episode in await episodes.list_open(work.tx, EpisodeKind.SECURITY, suspect.kind.value)}
    folded = suspect.kind is Suspicion.ADDRESS and suspect.name not in going_on and len(going_on) >= AT_ONCE
    name = signals.OTHERS if folded else suspect.name
    due_at = work.now + _quiet(rules.within)
    if name in going_on:
        await episodes.look_again(work.tx, going_on[name], due_at)
        return []
    episode = await episodes.add_episode(
        work.tx, EpisodeKind.SECURITY, suspect.kind.value, name, began_at=work.now, due_at=due_at, level=rules.count
    )
    return [_alert(work, episode)]


def _quiet(within: timedelta) -> timedelta:
    """How long nothing must be heard of a suspect who is told of again every half of ``within``."""
    return within * 2


async def end(work: UnitOfWork, episode: Episode) -> list[Alert]:
    """Ends an episode of which nothing was heard for long enough; its recovery."""
    await episodes.mark_ended(work.tx, episode, work.now)
    return [_alert(work, episode, over=True)]


def _alert(work: UnitOfWork, episode: Episode, *, over: bool = False) -> Alert:
    kind, name = Suspicion(episode.source), episode.subject
    title = signals.refusals_title(kind, name, episode.level, work.policy.security.refusals.within)
    labels = {"signal": "security", "of" if kind is Suspicion.SIGNATURE else "address": name}
    ends_at = work.now if over else None
    description = "" if over else signals.refusals_description(kind)
    return own_alert(episode.fingerprint, title, episode.began_at, ends_at, labels=labels, description=description)
