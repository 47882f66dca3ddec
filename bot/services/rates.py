"""Counting alerts by the minute, and noticing when many more come than lately (G5, J13). A spike is an alert of our own, said once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from bot.domain.alert import Alert, AlertRow, AlertStatus
from bot.domain.episodes import Episode, EpisodeKind
from bot.domain.own import OWN, own_alert
from bot.domain.rates import (
    FLOOR,
    MINUTE,
    PAST,
    QUIET,
    Key,
    Spike,
    find_spike,
    is_known,
    is_over,
    minute_of,
    minutes_before,
    tallied,
    worth_a_look,
)
from bot.messages import signals
from bot.services import promotions
from bot.services.work import UnitOfWork
from bot.store import episodes, incidents, rates

AT_ONCE = 10
"""Spikes of single alerts of one source that are told of at a time; beyond them the source's own spike tells of all."""
KEPT = timedelta(hours=2)
"""Counts are dropped after it: longer than the hour that is the measure, and a spike's last minutes."""


async def count(
    work: UnitOfWork,
    seen: Sequence[tuple[str, str, datetime, int]],
    first_heard: Collection[tuple[str, str]] = (),
    heard_once: Mapping[tuple[str, str], datetime] | None = None,
) -> list[Alert]:
    """The spikes that begin with these alerts: source, fingerprint, receipt and times of each; for the caller to take in.

    To be called once a batch, after its alerts were placed: an incident of a spiking alert is raised here. Those that were never heard
    before, ``first_heard``, have no count but this one; those of ``heard_once`` were, at that moment, and may not have been counted.
    """
    counted = tallied(seen, OWN, first_heard)
    if not counted:
        return []
    uncounted = {(Key._make(name), minute_of(at)) for name, at in (heard_once or {}).items() if name[0] != OWN}
    await rates.add_first(work.tx, sorted(uncounted))
    await rates.add_counts(work.tx, counted)
    may_be_full = [known for known, times in counted.items() if times >= FLOOR or known[0] not in first_heard]
    full = await rates.list_full(work.tx, may_be_full, FLOOR)
    to_look_at = sorted(known for known, after in full.items() if worth_a_look(after - counted[known], after))
    begun = []
    for source, known in groupby(to_look_at, key=lambda known: known[0].source):
        begun += await _look(work, source, list(known))
    return begun


async def _look(work: UnitOfWork, source: str, known: Sequence[tuple[Key, datetime]]) -> list[Alert]:
    """The spikes that begin at a source: of single alerts first, for the source's own is what they leave."""
    known_since = await rates.get_known_since(work.tx, source)
    going_on = {episode.subject: episode.told for episode in await episodes.list_open(work.tx, EpisodeKind.SPIKE, source)}
    begun = []
    for key, minute in sorted(known, key=lambda one: not one[0].fingerprint):
        if key.fingerprint in going_on or not is_known(known_since, minute):
            continue
        single = {subject for subject, told in going_on.items() if subject and told}
        counts = await _counts(work, key, minute)
        if not key.fingerprint:
            counts = await _without(work, key, single, counts, minute)
        spike = find_spike(counts, minute, known_since)
        if spike is not None:
            going_on[key.fingerprint] = told = not key.fingerprint or len(single) < AT_ONCE
            begun += await _begin(work, key, spike, minute, told=told)
    return begun


async def _counts(work: UnitOfWork, key: Key, minute: datetime) -> dict[datetime, int]:
    return await rates.list_counts(work.tx, key.source, [key.fingerprint], minutes_before(minute + MINUTE, PAST + QUIET + 1))


async def _without(work: UnitOfWork, key: Key, subjects: set[str], counts: dict[datetime, int], minute: datetime) -> dict[datetime, int]:
    """A source's counts with the last minutes' less what single alerts brought of whose spikes is told already."""
    theirs = await rates.list_counts(work.tx, key.source, subjects, [minute - MINUTE, minute]) if subjects else {}
    return {at: count - theirs.get(at, 0) for at, count in counts.items()}


async def _begin(work: UnitOfWork, key: Key, spike: Spike, minute: datetime, *, told: bool) -> list[Alert]:
    alert = await rates.find_latest_alert(work.tx, key) if key.fingerprint else None
    await _raise(work, alert, spike)
    due_at = minute + MINUTE * (QUIET + 1)
    episode = await episodes.add_episode(
        work.tx, EpisodeKind.SPIKE, key.source, key.fingerprint, began_at=minute, due_at=due_at, level=spike.level, told=told
    )
    if not told:
        return []
    title = signals.spike_title(key, alert.title if alert else None, spike)
    service = alert.labels.get("service") if alert else None
    return [_alert(episode, title, None, service, signals.spike_description(key, spike))]


async def _raise(work: UnitOfWork, alert: AlertRow | None, spike: Spike) -> None:
    """Raises the incident that a spiking alert belongs to, told of or not: its rate rises rapidly (J13)."""
    if alert is not None and alert.incident_id is not None and alert.status is AlertStatus.FIRING:
        incident = await incidents.get_incident(work.tx, alert.incident_id)
        await promotions.promote(work, incident, signals.promoted_by(spike))


async def look_at(work: UnitOfWork, episode: Episode) -> list[Alert]:
    """Ends a spike when its rate is back, and gives the recovery; otherwise has it looked at again in a minute."""
    key, minute = Key(episode.source, episode.subject), minute_of(work.now)
    counts = await _counts(work, key, minute)
    if not is_over(counts, minute, episode.level):
        await episodes.look_again(work.tx, episode, minute + MINUTE)
        return []
    await episodes.mark_ended(work.tx, episode, work.now)
    if not episode.told:
        return []
    alert = await rates.find_latest_alert(work.tx, key) if key.fingerprint else None
    return [_alert(episode, signals.spike_over(key, alert.title if alert else None), work.now)]


def _alert(episode: Episode, title: str, ends_at: datetime | None, service: str | None = None, description: str = "") -> Alert:
    labels = {"signal": "spike", "of": episode.source, "fingerprint": episode.subject, "service": service}
    return own_alert(episode.fingerprint, title, episode.began_at, ends_at, labels=labels, description=description)


async def forget_old(work: UnitOfWork) -> int:
    """Drops the counts that nothing is measured against any more."""
    return await rates.forget(work.tx, work.now - KEPT)
