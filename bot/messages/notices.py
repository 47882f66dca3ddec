"""What is said in the incident's channel and where it was announced; each names the incident first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.domain.alert import AlertRow
from bot.domain.durations import format_span
from bot.domain.escalation import BY_HAND, OWNER_LEVEL
from bot.domain.incidents import Channel, Role
from bot.domain.severity import ClockName
from bot.domain.situation import Owing, Situation
from bot.domain.timers import Promise
from bot.messages import actions, times
from bot.messages.card import announcement, button, next_update_text, road_name, severity_label, title_text
from bot.messages.owed import OWED, next_step
from bot.messages.texts import SECTION_LIMIT, Words, channel_link, clean, fit, link, literal, mention, pieces, section, shown

_QUOTED_LIMIT = 10_000
_OUTSIDE: Mapping[int, str] = {OWNER_LEVEL: "the owner", BY_HAND: "beside the chain"}


def notice(sentence: str, quoted: str | None = None) -> Words:
    """A sentence that may hold escaped names, then what somebody wrote, whole, in as many sections as it takes; shown literally."""
    words = clean(quoted or "", _QUOTED_LIMIT)
    if not words:
        return {"text": sentence, "blocks": [literal(sentence)]}
    return {"text": f"{sentence}\n{fit(words, SECTION_LIMIT)}", "blocks": [literal(sentence), *map(literal, pieces(words, SECTION_LIMIT))]}


def _call(user_id: str | None, sentence: str) -> Words:
    """A sentence of our own words only, which calls a member by a live mention."""
    text = " ".join(part for part in (":hourglass_flowing_sand:", mention(user_id), sentence) if part)
    return {"text": text, "blocks": [section(text)]}


def _span(later: datetime, earlier: datetime) -> str:
    return format_span(max(later - earlier, timedelta()))


def late(now: datetime, due_at: datetime) -> str:
    """How late it is: ``it is 2 min late``."""
    return f"it is {_span(now, due_at)} late" if now - due_at >= timedelta(seconds=1) else "it is due now"


def declared(s: Situation, meaning: str) -> Words:
    """Says that the incident was declared, by whom, and what its severity means here."""
    incident = s.incident
    by = f"{shown(s.name(incident.declared_by))} declared" if incident.declared_by else "An alert declared"
    sentence = f"{by} {incident.reference} as {severity_label(s)}: {title_text(s)}"
    about = f"{severity_label(s)}: {shown(meaning, 500)}\n" if meaning.strip() else ""
    return notice(f"{sentence}\n{about}What is written in this channel becomes the timeline.")


def acknowledged(s: Situation, name: str, road: str) -> Words:
    """Says who acknowledged by which road, and how long it took (B4, complaint 16)."""
    incident = s.incident
    after = _span(incident.acknowledged_at or s.now, incident.opened_at)
    owner = f" Owner: {shown(s.name(incident.owner_id))}." if incident.owner_id else ""
    who = f"{incident.reference} was acknowledged by {shown(name)} by {shown(road_name(road))}"
    return notice(f"{who}, {after} after it was opened. What was ringing for it has stopped.{owner}")


def updated(s: Situation, name: str, text: str) -> Words:
    """A person's status update with the status and the next one's time (J6)."""
    incident = s.incident
    sentence = f"{incident.reference} [{severity_label(s)}] {incident.status.value}: update by {shown(name)}. "
    return notice(f"{sentence}Next update: {next_update_text(s)}", text)


def severity_changed(s: Situation, name: str, old: str, reason: str | None) -> Words:
    """Says that the severity changed, with the reason when one was given."""
    sentence = f"{shown(name)} changed {s.incident.reference} from {shown(old, 60)} to {severity_label(s)}."
    if s.incident.provisional:
        sentence += f" That is provisional: /incident severity {severity_label(s)} confirms it, another one stands instead."
    return notice(f"{sentence} Next update: {next_update_text(s)}", reason)


def severity_confirmed(s: Situation, name: str, reason: str | None) -> Words:
    """Says that a person stands by a severity that Muster had raised."""
    return notice(f"{shown(name)} says that {s.incident.reference} is {severity_label(s)}; it is provisional no longer.", reason)


def severity_stays(s: Situation, wanted: str, reason: str) -> Words:
    """Says what would have raised the severity, had a person not decided it (J3)."""
    sentence = f"{s.incident.reference} stays {severity_label(s)}, as a person decided, although {shown(reason, 500)}."
    return notice(f"{sentence} Raise it with /incident severity {shown(wanted, 60)} when that is more than you knew.")


def announced(s: Situation, notice: Mapping[str, Any]) -> Words:
    """A notice as it is said where the incident was announced: under the status post, to the letter (J10)."""
    post = announcement(s)
    return {"text": f"{post['text']}\n{notice['text']}", "blocks": [*post["blocks"], *notice.get("blocks", ())]}


def role_assigned(s: Situation, role: Role, name: str, by: str, before: str | None) -> Words:
    """Says who has an incident role now, who gave it, and who had it before (O12, J5)."""
    given = "" if by == name else f", named by {shown(by)}"
    after = f", after {shown(before)}" if before and before != name else ""
    return notice(f"{shown(name)} is the {role.value} of {s.incident.reference} now{given}{after}.")


def yours_now(s: Situation, role: Role, by: str) -> Words:
    """Tells a person alone that a role is theirs, and where to go."""
    where = channel_link(s.channel.channel_id) if s.channel is not None else ""
    place = f" It is worked on in {where}." if where else ""
    text = f"{shown(by)} made you the {role.value} of {s.incident.reference} [{severity_label(s)}] {title_text(s)}.{place}"
    return {"text": text, "blocks": [section(text)]}


def triage_changed(s: Situation, name: str, what: str) -> Words:
    """Says what is known of the trouble now (W7)."""
    return notice(f"{shown(name)} wrote down what is known of {s.incident.reference}.", what)


def channel_replaced(s: Situation, former: Channel) -> Words:
    """Says in a new channel which one it takes the place of."""
    where = channel_link(former.channel_id) or f"#{shown(former.name, 80)}"
    text = f"{s.incident.reference} goes on here: {where} cannot be used any more. Its timeline is kept."
    return {"text": text, "blocks": [section(text)]}


def came_back(s: Situation) -> Words:
    """Says in a channel that somebody put us out of why we are in it all the same."""
    reason = "what is written here is its timeline, and its status is kept here until it is resolved"
    return notice(f"{s.incident.reference}: Muster was removed from the incident's channel. It goes on here: {reason}.")


def not_invited(s: Situation, names: Sequence[str]) -> Words:
    """Says who could not be invited to the channel, each with the reason in Slack's word."""
    return notice(f"{s.incident.reference}: could not be invited here: {shown(', '.join(names), 1000)}. Everybody else is.")


def paged_by_hand(s: Situation, by: str, names: Sequence[str]) -> Words:
    """Says who called whom out by hand."""
    return notice(f"{shown(by)} pages {shown(', '.join(names), 1000)} for {s.incident.reference}.")


def you_are_paged(s: Situation) -> Words:
    """Tells a person in Slack, beside their phone, that they are called, with the button that answers (B4)."""
    text = f"You are being paged for {s.incident.reference} [{severity_label(s)}] {title_text(s)}."
    where = channel_link(s.channel.channel_id) if s.channel is not None else ""
    elements = [button("Acknowledge", actions.ACKNOWLEDGE, s.incident.id, style="primary"), button("Join", actions.JOIN, s.incident.id)]
    blocks = [section(f"{text} {where}".strip()), {"type": "actions", "block_id": "incident.page", "elements": elements}]
    return {"text": text, "blocks": blocks}


def page_unanswered(s: Situation, names: Sequence[str]) -> Words:
    """Says that somebody who was called by hand did not answer."""
    who = shown(", ".join(names), 1000)
    return notice(f"{s.incident.reference}: {who} did not answer. Page somebody else with /incident page, or try again.")


def page_answered(s: Situation, name: str, road: str) -> Words:
    """Says that somebody who was called by hand answered."""
    return notice(f"{s.incident.reference}: {shown(name)} answered the page by {shown(road_name(road))} and is coming.")


def place(level: int, ring: int = 1) -> str:
    """Where in the chain a ring is: ``the owner``, ``level 2``, ``level 2, ring 3``; by hand and by a step of escalation it is none."""
    where = _OUTSIDE.get(level) or f"level {level}"
    return where if ring <= 1 else f"{where}, ring {ring}"


def paging(s: Situation, names: Sequence[str], road: str, level: int, ring: int) -> Words:
    """Says who is being rung, by which road, at which place of the chain."""
    who = shown(", ".join(names), 1000)
    return notice(f"{s.incident.reference}: ringing {who} by {shown(road_name(road))} ({place(level, ring)}).")


def page_failed(s: Situation, name: str, road: str, reason: str) -> Words:
    """Says that a page could not reach its person, and why."""
    sentence = f"{s.incident.reference}: the {shown(road_name(road))} to {shown(name)} did not arrive"
    return notice(f"{sentence}: {shown(reason, 500)}.")


def level_skipped(s: Situation, level: int, why: str) -> Words:
    """Says that a place of the chain was passed over at once, and why (complaint 6)."""
    return notice(f"{s.incident.reference}: {place(level)} was passed over at once: {shown(why, 500)}.")


def not_reachable(s: Situation, names: Sequence[str], level: int) -> Words:
    """Says who of a level cannot be called although the others are (complaint 7)."""
    sentence = f"{s.incident.reference}: there is no way to reach {shown(', '.join(names), 1000)} ({place(level)})"
    return notice(f"{sentence}: no number or address for the roads in use, or they wrote STOP.")


def chain_exhausted(s: Situation, round_number: int, clock: ClockName) -> Words:
    """Says loudly that the whole chain was rung in vain for what is owed by that clock, and begins again (complaint 22)."""
    incident = s.incident
    sentence = f"NOBODY HAS ANSWERED for {incident.reference} [{severity_label(s)}] {title_text(s)}"
    again = f"The whole chain was rung for {OWED[clock]}, round {round_number}, and it begins again."
    return notice(f"{sentence}\n{again} Whoever reads this can take it: Acknowledge on the card, or /incident ack.")


def promise_warned(s: Situation | Owing, promise: Promise, user_id: str | None) -> Words:
    """Warns, and calls the owner, that a promise is about to break (J6)."""
    due, left = times.near(promise.due_at, s.now, s.zones), _span(promise.due_at, s.now)
    sentence = f"{s.reference} owes {OWED[promise.clock]} by {due}, in {left}."
    return _call(user_id, f"{sentence} {next_step(s, promise.clock, shown)}")


def promise_missed(s: Situation, promise: Promise, user_id: str | None) -> Words:
    """Says, and calls the owner, that a promise is broken, with its lateness (J6)."""
    due = times.near(promise.due_at, s.now, s.zones)
    sentence = f"Promise missed: {s.incident.reference} owed {OWED[promise.clock]} by {due}; {late(s.now, promise.due_at)}."
    return _call(user_id, f"{sentence} {next_step(s, promise.clock, shown)}")


def resolved(s: Situation, name: str, text: str | None) -> Words:
    """Says that the incident is resolved, how long it took, and which of its alerts never recovered."""
    incident = s.incident
    after = _span(incident.resolved_at or s.now, incident.opened_at)
    left = s.counts.total - s.counts.recovered
    firing = f" {left} of its alerts {'has' if left == 1 else 'have'} not recovered." if left else ""
    return notice(f"{shown(name)} resolved {incident.reference}, {after} after it was opened.{firing}", text)


def reopened(s: Situation, name: str, reason: str | None = None) -> Words:
    """Says that the incident is open again, why when nobody did it, and that its clocks run anew."""
    sentence = f"{shown(name)} reopened {s.incident.reference} [{severity_label(s)}] {title_text(s)}"
    return notice(f"{sentence}\nIts promises count from now. Next update: {next_update_text(s)}", reason)


def _alert(s: Situation, alert: AlertRow, what: str) -> Words:
    sentence = f"{s.incident.reference}: {what} {shown(alert.title, 1000)} ({shown(alert.source, 100)})"
    words = notice(sentence)
    at = link(alert.url)
    return words if at is None else {**words, "blocks": [*words["blocks"], section(f"Seen at {at}")]}


def alert_joined(s: Situation, alert: AlertRow) -> Words:
    """Says that another alert belongs to the incident."""
    return _alert(s, alert, "another alert joined:")


def alerts_joined(reference: str, count: int, latest: AlertRow) -> Words:
    """Says in one line that many alerts belong to the incident by now."""
    sentence = f"{reference}: {count} alerts have joined by now, the latest: {shown(latest.title, 1000)} ({shown(latest.source, 100)})."
    return notice(f"{sentence} They are not said one by one; the status card counts them.")


def alerts_recovered(reference: str, count: int, left: int) -> Words:
    """Says in one line how many alerts recovered, and how many still fire; it closes nothing by itself."""
    rest = f"{left} still firing" if left else "none is firing any more; resolve it when that holds"
    return notice(f"{reference}: {count} alerts recovered by now, {rest}.")


def alert_recovered(s: Situation, alert: AlertRow, left: int) -> Words:
    """Says that an alert recovered, and how many still fire; it closes nothing by itself."""
    rest = f"{left} still firing" if left else "none is firing any more; resolve it when that holds"
    return _alert(s, alert, f"alert recovered, {rest}:")


def alert_fired_again(s: Situation, alert: AlertRow) -> Words:
    """Says that an alert of the incident fires again."""
    return _alert(s, alert, "alert fired again:")


def delivery_failed(what: str, reason: str) -> Words:
    """Says which step could not be done, and why; the others go on (complaint 14)."""
    return notice(f"One step could not be done: {shown(what, 100)}: {shown(reason, 500)}. Everything else goes on.")
