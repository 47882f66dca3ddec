"""The entries of a timeline as sentences: plain text, neither escaped nor cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.domain.durations import format_span
from bot.domain.severity import ClockName
from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.messages import times
from bot.messages.card import road_name
from bot.messages.notices import OWED, place

_ERASED = "(words erased)"


def sentence(s: Situation, entry: TimelineEntry) -> str:
    """What the entry says happened; ``s.names`` has to name everybody in it."""
    return _SENTENCES[entry.kind](s, entry)


def _by(s: Situation, entry: TimelineEntry, otherwise: str = "Muster") -> str:
    return s.name(entry.actor_id) if entry.actor_id is not None else otherwise


def _fact(entry: TimelineEntry, name: str, otherwise: str = "?") -> str:
    value = entry.facts.get(name)
    return otherwise if value is None else str(value)


def _said(entry: TimelineEntry) -> str:
    if entry.text is not None:
        return f": {entry.text}" if entry.text else ""
    return f": {_ERASED}" if entry.digest is not None else ""


def _person(s: Situation, entry: TimelineEntry) -> str:
    person_id = entry.facts.get("person_id")
    return s.name(person_id) if person_id is not None else "somebody"


def _clock(entry: TimelineEntry) -> str:
    word = _fact(entry, "clock")
    return OWED[ClockName(word)] if word in tuple(ClockName) else word


def _due(s: Situation, entry: TimelineEntry) -> str:
    due_at = entry.facts.get("due_at")
    return f", due {times.near(datetime.fromisoformat(due_at), entry.at, s.zones)}" if due_at else ""


def _late(entry: TimelineEntry) -> str:
    seconds = int(entry.facts.get("late_seconds") or 0)
    return format_span(timedelta(seconds=seconds)) if seconds > 0 else ""


def _declared(s: Situation, entry: TimelineEntry) -> str:
    return f"{_by(s, entry, 'An alert')} declared the incident as {_fact(entry, 'severity')}{_said(entry)}"


def _alert(what: str) -> Callable[[Situation, TimelineEntry], str]:
    def say(s: Situation, entry: TimelineEntry) -> str:
        source = entry.facts.get("source")
        again = f", said {entry.facts['count']} times" if entry.facts.get("count") else ""
        title = entry.text or entry.facts.get("alert_title") or entry.facts.get("fingerprint") or _ERASED
        return f"Alert {what}{again}: {title}" + (f" (from {source})" if source else "")

    return say


def _merged(s: Situation, entry: TimelineEntry) -> str:
    if entry.facts.get("into"):
        return f"{_by(s, entry)} merged this incident into {_fact(entry, 'into')}{_said(entry)}"
    return f"{_by(s, entry)} merged {_fact(entry, 'from')} into this incident{_said(entry)}"


def _acknowledged(s: Situation, entry: TimelineEntry) -> str:
    return f"{_by(s, entry)} acknowledged by {road_name(_fact(entry, 'road'))}"


def _changed(what: str) -> Callable[[Situation, TimelineEntry], str]:
    def say(s: Situation, entry: TimelineEntry) -> str:
        step = f"from {_fact(entry, 'old')} to {_fact(entry, 'new')}"
        return f"{_by(s, entry)} changed the {what} {step}{_said(entry)}"

    return say


def _severity(s: Situation, entry: TimelineEntry) -> str:
    if entry.facts.get("old") == entry.facts.get("new"):
        return f"{_by(s, entry)} confirmed the severity {_fact(entry, 'new')}{_said(entry)}"
    how = ", provisionally" if entry.facts.get("provisional") else ""
    step = f"from {_fact(entry, 'old')} to {_fact(entry, 'new')}{how}"
    return f"{_by(s, entry)} changed the severity {step}{_said(entry)}"


def _updated(s: Situation, entry: TimelineEntry) -> str:
    status = entry.facts.get("status")
    return f"{_by(s, entry)} posted an update" + (f" ({status})" if status else "") + _said(entry)


def _role(s: Situation, entry: TimelineEntry) -> str:
    before, person_id = entry.facts.get("before"), entry.facts.get("person_id")
    after = f", after {s.name(before)}" if before is not None and before != person_id else ""
    return f"{_by(s, entry)} made {_person(s, entry)} the {_fact(entry, 'role')}{after}"


def _wrote(verb: str) -> Callable[[Situation, TimelineEntry], str]:
    def say(s: Situation, entry: TimelineEntry) -> str:
        what = f": {entry.facts['what']}" if entry.text is None and entry.facts.get("what") else _said(entry)
        where = " in a thread" if entry.facts.get("thread_ts") else ""
        files = entry.facts.get("files")
        shared = f" [{', '.join(map(str, files))}]" if files else ""
        return f"{_by(s, entry)} {verb}{where}{shared}{what}"

    return say


def _warned(s: Situation, entry: TimelineEntry) -> str:
    late = _late(entry)
    return f"Warning: {_clock(entry)} is owed{_due(s, entry)}" + (f" (warned {late} late)" if late else "")


def _missed(s: Situation, entry: TimelineEntry) -> str:
    late = _late(entry)
    return f"Promise missed: {_clock(entry)}{_due(s, entry)}" + (f" (noticed {late} after it)" if late else "")


def _kept(s: Situation, entry: TimelineEntry) -> str:
    late = _late(entry)
    return f"Promise kept{f' {late} late' if late else ''}: {_clock(entry)}{_due(s, entry)}"


def _started(s: Situation, entry: TimelineEntry) -> str:
    return f"The chain is rung for {_clock(entry)}"


def _exhausted(s: Situation, entry: TimelineEntry) -> str:
    return f"Nobody answered in round {_fact(entry, 'round')}: the whole chain was rung and begins again"


def _ended(s: Situation, entry: TimelineEntry) -> str:
    stopped = int(entry.facts.get("stopped") or 0)
    pages = f"; {stopped} pending {'page' if stopped == 1 else 'pages'} stopped" if stopped else ""
    return f"The ringing for {_clock(entry)} ended: {_fact(entry, 'reason', 'no reason given')}{pages}"


def _skipped(s: Situation, entry: TimelineEntry) -> str:
    where = place(int(entry.facts.get("level") or 0))
    why = _fact(entry, "why", _fact(entry, "reason", "nobody can be reached there"))
    return f"{where[0].upper()}{where[1:]} of the chain was passed over: {why}"


def _page(what: str) -> Callable[[Situation, TimelineEntry], str]:
    def say(s: Situation, entry: TimelineEntry) -> str:
        facts: Mapping[str, Any] = entry.facts
        where = f" ({place(int(facts['level']), int(facts.get('ring') or 1))})" if "level" in facts else ""
        code = f" #{facts['code']}" if facts.get("code") is not None else ""
        error = f": {facts['error']}" if facts.get("error") else ""
        return f"{road_name(_fact(entry, 'road'))}{code} to {_person(s, entry)} {what}{where}{error}"

    return say


def _answered(s: Situation, entry: TimelineEntry) -> str:
    asked = "asked for the next level" if entry.facts.get("asked") == "escalate" else "answered the page"
    code = f" #{entry.facts['code']}" if entry.facts.get("code") is not None else ""
    return f"{_person(s, entry)} {asked}{code} by {road_name(_fact(entry, 'road'))}"


def _reply_refused(s: Situation, entry: TimelineEntry) -> str:
    who = _by(s, entry, "an unknown number")
    return f"A reply by {who} was refused: {_fact(entry, 'why', 'no reason given')}"


def _delivery_failed(s: Situation, entry: TimelineEntry) -> str:
    why = entry.text or _fact(entry, "error", "no reason given")
    return f"Could not be delivered: {_fact(entry, 'what')}: {why}"


def _deleted(s: Situation, entry: TimelineEntry) -> str:
    return f"{_by(s, entry)} deleted a message"


def _drafted(s: Situation, entry: TimelineEntry) -> str:
    return "The postmortem was drafted"


def _pinned(s: Situation, entry: TimelineEntry) -> str:
    return f"{_by(s, entry)} pinned{_said(entry) or ' a message'}"


def _unpinned(s: Situation, entry: TimelineEntry) -> str:
    return f"{_by(s, entry)} took a pin back"


def _joined(verb: str) -> Callable[[Situation, TimelineEntry], str]:
    return lambda s, entry: f"{_by(s, entry)} {verb} the channel"


def _lost(s: Situation, entry: TimelineEntry) -> str:
    return f"The channel #{_fact(entry, 'name')} cannot be used any more: {_fact(entry, 'why')}"


def _renamed(s: Situation, entry: TimelineEntry) -> str:
    return f"The channel is called #{_fact(entry, 'name')} now"


_TIMES = {"started_at": "began", "ended_at": "ended"}


def _corrected(s: Situation, entry: TimelineEntry) -> str:
    new, old = _moment(s, entry.facts.get("new")), _moment(s, entry.facts.get("old"))
    before = f", not {old}" if old else ""
    return f"{_by(s, entry)} corrected when it {_TIMES.get(_fact(entry, 'field'), 'was')}: {new}{before}"


def _moment(s: Situation, written: str | None) -> str:
    return times.moment(datetime.fromisoformat(written), s.zones) if written else ""


_SENTENCES: Mapping[EntryKind, Callable[[Situation, TimelineEntry], str]] = {
    EntryKind.DECLARED: _declared,
    EntryKind.ALERT_JOINED: _alert("joined"),
    EntryKind.ALERT_RECOVERED: _alert("recovered"),
    EntryKind.ALERT_FIRED_AGAIN: _alert("fired again"),
    EntryKind.ALERT_DETACHED: _alert("taken out"),
    EntryKind.ALERT_DISMISSED: _alert("dismissed"),
    EntryKind.MERGED: _merged,
    EntryKind.SILENCED: _wrote("silenced alerts"),
    EntryKind.SILENCE_ENDED: _wrote("ended a silence"),
    EntryKind.ACKNOWLEDGED: _acknowledged,
    EntryKind.STATUS_CHANGED: _changed("status"),
    EntryKind.UPDATED: _updated,
    EntryKind.SEVERITY_CHANGED: _severity,
    EntryKind.ROLE_ASSIGNED: _role,
    EntryKind.NOTE: _wrote("noted"),
    EntryKind.MESSAGE: _wrote("wrote"),
    EntryKind.MESSAGE_EDITED: _wrote("edited a message"),
    EntryKind.MESSAGE_DELETED: _deleted,
    EntryKind.PINNED: _pinned,
    EntryKind.UNPINNED: _unpinned,
    EntryKind.MEMBER_JOINED: _joined("joined"),
    EntryKind.MEMBER_LEFT: _joined("left"),
    EntryKind.CHANNEL_LOST: _lost,
    EntryKind.CHANNEL_RENAMED: _renamed,
    EntryKind.TIME_CORRECTED: _corrected,
    EntryKind.TRIAGE_CHANGED: _wrote("wrote down what is known"),
    EntryKind.RESOLVED: _wrote("resolved the incident"),
    EntryKind.REOPENED: _wrote("reopened the incident"),
    EntryKind.PROMISE_WARNED: _warned,
    EntryKind.PROMISE_MISSED: _missed,
    EntryKind.PROMISE_KEPT: _kept,
    EntryKind.CHAIN_STARTED: _started,
    EntryKind.CHAIN_EXHAUSTED: _exhausted,
    EntryKind.CHAIN_ENDED: _ended,
    EntryKind.LEVEL_SKIPPED: _skipped,
    EntryKind.PAGE_QUEUED: _page("is to be sent"),
    EntryKind.PAGE_SENT: _page("was sent"),
    EntryKind.PAGE_DELIVERED: _page("was delivered"),
    EntryKind.PAGE_FAILED: _page("did not arrive"),
    EntryKind.PAGE_ANSWERED: _answered,
    EntryKind.PAGE_STOPPED: _page("was stopped"),
    EntryKind.REPLY_REFUSED: _reply_refused,
    EntryKind.DELIVERY_FAILED: _delivery_failed,
    EntryKind.POSTMORTEM_DRAFTED: _drafted,
    EntryKind.DENIED: _wrote("was refused"),
}
