"""What the bot notices by itself, taken in as alerts of its own: heartbeats that are heard or missed, spikes and refusals that end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.domain.alert import Alert
from bot.domain.episodes import Episode, EpisodeKind
from bot.domain.heartbeats import Heartbeat
from bot.domain.own import own_delivery
from bot.services import alerts, heartbeats, rates, security
from bot.services.work import UnitOfWork
from bot.store import episodes

_LOOKS: Mapping[EpisodeKind, Callable[[UnitOfWork, Episode], Awaitable[list[Alert]]]] = {
    EpisodeKind.SPIKE: rates.look_at,
    EpisodeKind.SECURITY: security.end,
}


async def follow_policy(work: UnitOfWork) -> None:
    """Watches the heartbeats that the policy in force names, and no others."""
    await _take_in(work, await heartbeats.follow_policy(work))


async def beat(work: UnitOfWork, name: str, *, failed: bool = False) -> None:
    """Notes that a heartbeat was heard, or that it says itself that it failed; raises NotFound when there is none of that name."""
    await _take_in(work, await heartbeats.beat(work, name, failed=failed))


async def fire_next(work: UnitOfWork) -> Heartbeat | Episode | None:
    """The heartbeat that is silent from now on, or the episode that was due to be looked at; None when nothing is due."""
    missed = await heartbeats.miss_next(work)
    if missed is not None:
        heartbeat, silent = missed
        await _take_in(work, silent)
        return heartbeat
    episode = await episodes.find_due(work.tx, work.now)
    if episode is not None:
        await _take_in(work, await _LOOKS[episode.kind](work, episode))
    return episode


async def _take_in(work: UnitOfWork, own: Sequence[Alert]) -> None:
    if own:
        await alerts.ingest(work, [own_delivery(own, work.now, work.request_id)])
