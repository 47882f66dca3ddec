"""Words about the end of an incident: what is missing for it, how that stands, and what became of it (J11, O12, S5, W9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.closing import CheckState, Seen
from bot.domain.durations import format_span
from bot.domain.resolving import Obstacle, Want
from bot.domain.situation import Situation
from bot.domain.status import Status
from bot.messages import times
from bot.messages.texts import one_line, shown

_ABOUT_LIMIT, _REASON_LIMIT = 300, 500
_COLOURS: Mapping[CheckState, str] = {
    CheckState.GREEN: ":large_green_circle:",
    CheckState.RED: ":red_circle:",
    CheckState.UNKNOWN: ":white_circle:",
}


def reason(s: Situation, obstacle: Obstacle) -> str:
    """What is missing and what to do about it, as plain text."""
    return _REASONS[obstacle.want](s, obstacle)


def _alerts(s: Situation, _obstacle: Obstacle) -> str:
    left = s.counts.total - s.counts.recovered
    counted = f"{left} of its {s.counts.total} alerts {'has' if left == 1 else 'have'} not recovered"
    return f"{counted}. Wait for the monitors, or take out what does not belong to it."


def _check(s: Situation, obstacle: Obstacle) -> str:
    name = one_line(obstacle.about, _ABOUT_LIMIT)
    since = next((check.since for check in s.closing.checks if check.title == obstacle.about), None)
    if obstacle.state is CheckState.RED and since is not None:
        return f"The check {name} has been red since {times.near(since, s.now, s.zones)}. Wait until its monitor says that it recovered."
    heard = "was never heard" if since is None else f"was not heard in time, it has been unknown since {times.near(since, s.now, s.zones)}"
    return f"The check {name} {heard}. Run it, so that its monitor says how it is."


def _quiet(s: Situation, obstacle: Obstacle) -> str:
    rules = s.closing.rules
    span = format_span(rules.quiet) if rules is not None and rules.quiet is not None else "the cycle"
    if obstacle.until is None:
        return f"No related alert may come for {span}, counted from the status Monitoring. `/incident update monitoring TEXT` begins it."
    return f"It has to stay quiet until {times.near(obstacle.until, s.now, s.zones)}. Wait; a related alert begins the {span} anew."


def _question(s: Situation, obstacle: Obstacle) -> str:
    return f"Not answered: {one_line(obstacle.about, _ABOUT_LIMIT)} Answer it in the form of `/incident resolve`."


def _holder(s: Situation, obstacle: Obstacle) -> str:
    rules = s.closing.rules
    holder = s.holder(rules.by) if rules is not None and rules.by is not None else None
    role = obstacle.about
    if holder is None:
        return f"Only the {role} may resolve it, and nobody has that role. Give the role: `/incident role {role.replace(' ', '-')} @ana`."
    return f"Only the {role} may resolve it. Ask {s.name(holder)}, or take the role: `/incident role {role.replace(' ', '-')} @you`."


def _major(s: Situation, _obstacle: Obstacle) -> str:
    return f"Nobody has said whether this {s.incident.severity} was major. Write `/incident resolve major`, or `minor`, and what ended it."


_REASONS = {
    Want.ALERTS: _alerts,
    Want.CHECK: _check,
    Want.QUIET: _quiet,
    Want.QUESTION: _question,
    Want.HOLDER: _holder,
    Want.MAJOR: _major,
}


def refusal(s: Situation, found: Sequence[Obstacle]) -> str:
    """Everything that is missing, one line each, and how to go on all the same; plain text."""
    lines = [f"{s.incident.reference} cannot be resolved yet:", *(f"- {reason(s, obstacle)}" for obstacle in found)]
    if all(obstacle.overridable for obstacle in found):
        lines.append("Or override it with a reason, which will stand in the postmortem.")
    return "\n".join(lines)


def phase_line(s: Situation) -> str:
    """The phase that the organisation calls it, on a line of its own; empty when it has none."""
    return f"Phase: {shown(s.incident.phase, 60)}" if s.incident.phase else ""


def lines(s: Situation) -> list[str]:
    """What the card says of phase, checks, quiet and watch, one line each; escaped."""
    return [line for line in (phase_line(s), _checks(s), _quiet_line(s), *_after(s)) if line]


def _checks(s: Situation) -> str:
    return f"Checks: {' · '.join(_state(s, check) for check in s.closing.checks)}" if s.closing.checks else ""


def _state(s: Situation, check: Seen) -> str:
    since = "" if check.since is None or check.state is CheckState.GREEN else f" since {times.near(check.since, s.now, s.zones)}"
    never = ", never heard" if check.since is None else ""
    return f"{_COLOURS[check.state]} {shown(check.title, 80)} {check.state.value}{since}{never}"


def _quiet_line(s: Situation) -> str:
    until = s.closing.quiet_until
    if until is None or s.incident.status is not Status.MONITORING:
        return ""
    at = times.near(until, s.now, s.zones)
    return f"Quiet until {at}" if until > s.now else f"Quiet: no related alert, the cycle was over at {at}"


def _after(s: Situation) -> list[str]:
    incident = s.incident
    if incident.open:
        return []
    overridden = f"Resolved unverified: {shown(incident.overridden, _REASON_LIMIT)}" if incident.overridden else ""
    watched = f"Watched until {times.near(s.closing.watch_until, s.now, s.zones)}" if s.closing.watch_until else ""
    verified = f"Verified {times.moment(incident.verified_at, s.zones)}" if incident.verified_at else ""
    return [overridden, watched, verified]


def phases(s: Situation) -> str:
    """Which phases there are, the present one marked; escaped."""
    known = s.closing.phases
    if not known:
        return "The policy of this incident names no phases."
    named = (f"*{shown(phase.name, 60)}*" if phase.name == s.incident.phase else shown(phase.name, 60) for phase in known)
    now = f"{s.incident.reference} is in the phase {shown(s.incident.phase, 60)}" if s.incident.phase else f"{s.incident.reference}"
    return f"{now} ({s.incident.status.value}). Phases: {', '.join(named)}. `/incident phase NAME` enters one."
