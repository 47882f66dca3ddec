"""The entries of a timeline as sentences: plain text, neither escaped nor cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.messages import calling_entries, ending_entries, stage_entries
from bot.messages.entries import ERASED, by, fact, moment, person, said


def sentence(s: Situation, entry: TimelineEntry) -> str:
    """What the entry says happened; ``s.names`` has to name everybody in it."""
    return _SENTENCES[entry.kind](s, entry)


def _declared(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry, 'An alert')} declared the incident as {fact(entry, 'severity')}{said(entry)}"


def _alert(what: str) -> Callable[[Situation, TimelineEntry], str]:
    def say(s: Situation, entry: TimelineEntry) -> str:
        source = entry.facts.get("source")
        again = f", said {entry.facts['count']} times" if entry.facts.get("count") else ""
        title = entry.text or entry.facts.get("alert_title") or entry.facts.get("fingerprint") or ERASED
        return f"Alert {what}{again}: {title}" + (f" (from {source})" if source else "")

    return say


def _merged(s: Situation, entry: TimelineEntry) -> str:
    if entry.facts.get("into"):
        return f"{by(s, entry)} merged this incident into {fact(entry, 'into')}{said(entry)}"
    return f"{by(s, entry)} merged {fact(entry, 'from')} into this incident{said(entry)}"


def _changed(what: str) -> Callable[[Situation, TimelineEntry], str]:
    def say(s: Situation, entry: TimelineEntry) -> str:
        step = f"from {fact(entry, 'old')} to {fact(entry, 'new')}"
        return f"{by(s, entry)} changed the {what} {step}{said(entry)}"

    return say


def _severity(s: Situation, entry: TimelineEntry) -> str:
    if entry.facts.get("old") == entry.facts.get("new"):
        return f"{by(s, entry)} confirmed the severity {fact(entry, 'new')}{said(entry)}"
    how = ", provisionally" if entry.facts.get("provisional") else ""
    step = f"from {fact(entry, 'old')} to {fact(entry, 'new')}{how}"
    return f"{by(s, entry)} changed the severity {step}{said(entry)}"


def _updated(s: Situation, entry: TimelineEntry) -> str:
    status = entry.facts.get("status")
    return f"{by(s, entry)} posted an update" + (f" ({status})" if status else "") + said(entry)


def _role(s: Situation, entry: TimelineEntry) -> str:
    before, person_id = entry.facts.get("before"), entry.facts.get("person_id")
    after = f", after {s.name(before)}" if before is not None and before != person_id else ""
    if person_id is not None and person_id == entry.actor_id:
        return f"{by(s, entry)} took the role of {fact(entry, 'role')}{after}"
    return f"{by(s, entry)} made {person(s, entry)} the {fact(entry, 'role')}{after}"


def _wrote(verb: str) -> Callable[[Situation, TimelineEntry], str]:
    def say(s: Situation, entry: TimelineEntry) -> str:
        what = f": {entry.facts['what']}" if entry.text is None and entry.facts.get("what") else said(entry)
        where = " in a thread" if entry.facts.get("thread_ts") else ""
        files = entry.facts.get("files")
        shared = f" [{', '.join(map(str, files))}]" if files else ""
        return f"{by(s, entry)} {verb}{where}{shared}{what}"

    return say


def _delivery_failed(s: Situation, entry: TimelineEntry) -> str:
    why = entry.text or fact(entry, "error", "no reason given")
    return f"Could not be delivered: {fact(entry, 'what')}: {why}"


def _deleted(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} deleted a message"


def _drafted(s: Situation, entry: TimelineEntry) -> str:
    return "The postmortem was drafted"


def _pinned(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} pinned{said(entry) or ' a message'}"


def _unpinned(s: Situation, entry: TimelineEntry) -> str:
    return f"{by(s, entry)} took a pin back"


def _joined(verb: str) -> Callable[[Situation, TimelineEntry], str]:
    return lambda s, entry: f"{by(s, entry)} {verb} the channel"


def _lost(s: Situation, entry: TimelineEntry) -> str:
    return f"The channel #{fact(entry, 'name')} cannot be used any more: {fact(entry, 'why')}"


def _renamed(s: Situation, entry: TimelineEntry) -> str:
    return f"The channel is called #{fact(entry, 'name')} now"


_TIMES = {"started_at": "began", "ended_at": "ended"}


def _corrected(s: Situation, entry: TimelineEntry) -> str:
    new, old = moment(s, entry.facts.get("new")), moment(s, entry.facts.get("old"))
    before = f", not {old}" if old else ""
    return f"{by(s, entry)} corrected when it {_TIMES.get(fact(entry, 'field'), 'was')}: {new}{before}"


def _step(verb: str) -> Callable[[Situation, TimelineEntry], str]:
    return lambda s, entry: f"{by(s, entry)} {verb} step {fact(entry, 'number')} of {fact(entry, 'runbook')}{said(entry)}"


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
    EntryKind.REOPENED: _wrote("reopened the incident"),
    EntryKind.DELIVERY_FAILED: _delivery_failed,
    EntryKind.POSTMORTEM_DRAFTED: _drafted,
    EntryKind.POSTMORTEM_WAIVED: _wrote("waived the postmortem"),
    EntryKind.DENIED: _wrote("was refused"),
    **calling_entries.SENTENCES,
    **ending_entries.SENTENCES,
    **stage_entries.SENTENCES,
    EntryKind.RUNBOOK_SHOWN: _wrote("showed the runbook"),
    EntryKind.STEP_TICKED: _step("ticked"),
    EntryKind.STEP_UNTICKED: _step("took back the tick of"),
    EntryKind.FOLLOW_UP_ADDED: _wrote("asked for a follow-up"),
    EntryKind.FOLLOW_UP_DONE: _wrote("finished a follow-up"),
    EntryKind.GATE_FROZEN: _wrote("froze the gate"),
    EntryKind.GATE_THAWED: _wrote("thawed the gate"),
    EntryKind.POLICY_CHANGED: _wrote("put another policy in force"),
}
