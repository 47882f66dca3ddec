"""Words about the gate: every reason as a sentence, and what `/incident gate` answers (J14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.closing import CheckState, Seen
from bot.domain.durations import format_short
from bot.domain.heartbeats import Heartbeat, HeartbeatRule
from bot.domain.incidents import Incident
from bot.domain.policy import Zone
from bot.domain.readiness import Code, Freeze, Issues, Proof, Readiness, Reason
from bot.messages import signals, texts, times
from bot.messages.texts import Words

_LISTED = 25
_SENTENCE, _NAME = 300, 80
HOW = "`/incident gate freeze why` closes it by hand, `/incident gate thaw` opens it again."


def frozen(freeze: Freeze, zones: Sequence[Zone]) -> Reason:
    """Who closed it by hand, when, and why."""
    return Reason(Code.FROZEN, f"{freeze.author} froze it at {times.moment(freeze.began_at, zones)}: {freeze.reason}.")


def incident_open(incident: Incident) -> Reason:
    """An incident that is open; of a private one not even its number is told."""
    if incident.private:
        return Reason(Code.INCIDENT_OPEN, f"A private incident of {incident.severity} is open.")
    title = texts.one_line(incident.title, _SENTENCE)
    return Reason(Code.INCIDENT_OPEN, f"{incident.reference} [{incident.severity}] is open: {title}.")


def sentry(issues: Issues | None) -> list[Reason]:
    """Each issue that is unresolved there, or why nobody knows."""
    if issues is None or issues.trouble is not None:
        why = "nobody asked it" if issues is None else issues.trouble
        return [Reason(Code.SENTRY_UNKNOWN, f"Nobody knows what is unresolved in Sentry: {why}.")]
    reasons = [
        Reason(Code.SENTRY_UNRESOLVED, f"{issue.name} is unresolved in Sentry: {texts.one_line(issue.title, _SENTENCE)}.")
        for issue in issues.found
    ]
    more = [Reason(Code.SENTRY_UNRESOLVED, f"More than these {len(issues.found)} are unresolved in Sentry.")] if issues.more else []
    return reasons + more


def unproven(route: str, proof: Proof | None, within: timedelta, zones: Sequence[Zone]) -> Reason:
    """A route of which nobody knows whether its alerts still arrive, and what to do about it."""
    last = proof.latest_at if proof is not None else None
    ago = "was never heard or tested" if last is None else f"was last heard or tested at {times.moment(last, zones)}"
    how = "`muster source test` tests it"
    return Reason(Code.ROUTE_UNPROVEN, f"Route {route!r} {ago}, and has to be every {format_short(within)}; {how}.")


def check(seen: Seen, zones: Sequence[Zone]) -> Reason:
    """A check that is not green."""
    state = seen.state.value
    now = f"is {state}" if seen.since is None else f"has been {state} since {times.moment(seen.since, zones)}"
    if seen.state is CheckState.RED:
        return Reason(Code.CHECK_RED, f"The check “{seen.title}” {now}.")
    why = "its monitors were never heard" if seen.since is None else "its monitors have not been heard for too long"
    return Reason(Code.CHECK_UNKNOWN, f"The check “{seen.title}” {now}: {why}.")


def heartbeat(name: str, rule: HeartbeatRule, known: Heartbeat | None, zones: Sequence[Zone]) -> Reason:
    """A heartbeat that is silent, or that nobody ever heard."""
    title = signals.heartbeat_title(name, rule)
    since = None if known is None else known.silent_since or (known.due_at if known.last_at is not None else None)
    if since is None:
        return Reason(Code.HEARTBEAT_UNKNOWN, f"The heartbeat {name} was never heard.")
    return Reason(Code.HEARTBEAT_SILENT, f"The heartbeat {name} has been silent since {times.moment(since, zones)}: {title}.")


def froze(freeze: Freeze) -> Words:
    """The gate is closed by hand."""
    return {"text": f"Frozen: {texts.shown(freeze.reason, _SENTENCE)}. `/incident gate thaw` ends it."}


def thawed(freeze: Freeze) -> Words:
    """The freeze is over; whatever else closes the gate still does."""
    return {"text": f"The freeze of {texts.shown(freeze.author, _NAME)} is over. `/incident gate` shows what else there is."}


def answer(readiness: Readiness) -> Words:
    """What `/incident gate` answers: whether one may go on, and every reason why not, as far as a message holds them."""
    if readiness.ready:
        return {"text": f":white_check_mark: Ready: nothing closes the gate. {HOW}"}
    count = len(readiness.reasons)
    title = f":no_entry: Not ready, for {count} {'reason' if count == 1 else 'reasons'}:"
    lines = [f"• {texts.shown(reason.sentence, _SENTENCE * 2)}" for reason in readiness.reasons[:_LISTED]]
    left = [f"and {count - _LISTED} more: `muster gate`"] if count > _LISTED else []
    return {"text": title, "blocks": [texts.section(line) for line in (f"*{title}*", *lines, *left)] + [texts.context([HOW])]}
