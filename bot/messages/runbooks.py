"""Runbooks as Slack shows them: the text in pieces, and its steps to tick; a policy's words call nobody (O6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.domain.follow_ups import FollowUp
from bot.domain.policy import Zone
from bot.domain.runbooks import Exercise, Part, PartKind, Progress, Runbook, RunbookStep, Ticked, parts
from bot.domain.situation import Situation
from bot.messages import actions, texts, times
from bot.messages.card import button
from bot.messages.texts import Words

MESSAGES_AT_MOST = 4
"""Messages in which the text of one runbook is shown; a longer one comes as a file as well."""
_BLOCKS, _LETTERS = 45, 9_000
"""Within Slack's 50 blocks and 11 000 characters of a message, with room for a line below."""
_PIECE, _FORMATTED_LIMIT, _TEXT_LIMIT, _TITLE_LIMIT = 2900, 1000, 100_000, 120
_STEP_SHOWN, _SECTIONS_SHOWN = 140, 12
_LINK = re.compile(r"!?\[(?P<label>[^\[\]]{1,300})\]\((?P<url>[^()\s]{1,2000})\)")
_TASK = re.compile(r"^([ \t]*)[-*+][ \t]+\[[ xX]\][ \t]+")
_ITEM = re.compile(r"^([ \t]*)[-*+][ \t]+")


def messages(reference: str, runbook: Runbook, used: str) -> tuple[list[Words], bool]:
    """The runbook in as few messages as hold it, and whether that is all of it; ``used`` is said below its title."""
    title = texts.shown(runbook.title, _TITLE_LIMIT)
    where = texts.link(runbook.link)
    head = f"*Runbook: {title}*{f' - {where}' if where else ''}\n{used}"
    pages = list(_pages([head, *_sections(parts(texts.clean(runbook.text, _TEXT_LIMIT)))]))
    said = [{"text": f"Runbook of {reference}: {title}", "blocks": [*map(texts.section, page)]} for page in pages[:MESSAGES_AT_MOST]]
    if len(pages) <= MESSAGES_AT_MOST:
        return said, True
    said[-1]["blocks"] = [*said[-1]["blocks"], texts.context(["It goes on in the file below."])]
    return said, False


def _pages(sections: Iterable[str]) -> Iterator[list[str]]:
    """The sections in messages of Slack."""
    page: list[str] = []
    for section in sections:
        if page and (len(page) == _BLOCKS or sum(map(len, page)) + len(section) > _LETTERS):
            yield page
            page = []
        page.append(section)
    yield page


def _sections(found: Iterable[Part]) -> Iterator[str]:
    """The parts as mrkdwn, as many of them in a section as it can hold."""
    section = ""
    for piece in (piece for part in found for piece in _pieces(part)):
        if section and len(section) + 1 + len(piece) > texts.SECTION_LIMIT:
            yield section
            section = ""
        section = f"{section}\n{piece}" if section else piece.lstrip("\n")
    if section.strip():
        yield section


def _pieces(part: Part) -> Iterator[str]:
    """A part as mrkdwn, escaped, each piece short enough for a section."""
    if part.kind is PartKind.HEADING:
        yield f"\n*{texts.shown(part.text.replace('*', ''), 300)}*"
    elif part.kind is PartKind.CODE:
        for piece in texts.pieces(part.text.replace("```", "'''"), _PIECE):
            yield f"```\n{piece}\n```"
    else:
        for line in part.text.split("\n"):
            yield from _line(line.rstrip())


def _line(line: str) -> list[str]:
    shown = _formatted(line) if len(line) <= _FORMATTED_LIMIT else ""
    return [shown] if shown and len(shown) <= _PIECE else texts.pieces(line, _PIECE)


def _formatted(line: str) -> str:
    """A line with its list marks, links and bold words as Slack has them; what stands behind a link's words is seen."""
    line = _TASK.sub("\\1☐ ", line) if _TASK.match(line) else _ITEM.sub("\\1• ", line)
    shown, at = "", 0
    for link in _LINK.finditer(line):
        address = texts.link(link["url"]) or texts.escape(link["url"])
        shown += f"{texts.escape(line[at : link.start()])}{texts.escape(link['label'])} ({address})"
        at = link.end()
    return f"{shown}{texts.escape(line[at:])}".replace("**", "*")


def used(last: Exercise | None, zones: Sequence[Zone]) -> str:
    """When the runbook was last exercised."""
    if last is None:
        return "Never used before."
    where = f" in {last.reference}" if last.reference else ""
    return f"Last used{where} on {times.moment(last.at, zones)}."


def checklist(s: Situation, progress: Progress) -> Words:
    """The steps of a runbook with a button each, as far as they are ticked; ``s.names`` has to name who ticked them."""
    title = texts.shown(progress.runbook.title, _TITLE_LIMIT)
    text = f"Steps of {title}: {progress.ticked} of {len(progress.steps)} ticked"
    blocks = [texts.section(f"*{text}* ({s.incident.reference})"), *[_step(s, step) for step in progress.steps]]
    if progress.left_out:
        blocks.append(texts.context([f"and {progress.left_out} more, in the text"]))
    return {"text": text, "blocks": blocks}


def _step(s: Situation, step: RunbookStep) -> Words:
    ticked = step.ticked_at is not None
    label, action_id = ("Take back", actions.UNTICK_STEP) if ticked else ("Tick", actions.TICK_STEP)
    return {**texts.section(_step_line(s, step)), "accessory": button(label, action_id, step.id)}


def _step_line(s: Situation, step: RunbookStep) -> str:
    what = f"{step.number}. {texts.shown(step.text, _STEP_SHOWN)}"
    if step.ticked_at is None:
        return f"☐ {what}"
    return f"☑ {what} - {texts.shown(s.name(step.ticked_by), 80)}, {times.near(step.ticked_at, s.now, s.zones)}"


def too_many(reference: str, titles: Sequence[str]) -> Words:
    """Says which runbooks are not shown because there are so many of them already."""
    named = texts.shown(", ".join(titles), 500)
    text = f"{reference}: the alerts name more runbooks than are shown: {named}. `/incident runbook` shows one by its name."
    return {"text": text, "blocks": [texts.section(text)]}


def listing(s: Situation, found: Sequence[Progress], others: Sequence[str]) -> Words:
    """The runbooks of an incident with their steps; ``others`` are the keys of those that can be shown by hand."""
    lines = [line for progress in found for line in _listed(s, progress)]
    if not found:
        lines = [f"No alert of {s.incident.reference} names a runbook."]
    if others:
        lines += ["", f"`/incident runbook NAME` shows another one here: {texts.shown(', '.join(others), 1000)}"]
    if found:
        lines += ["`/incident runbook 2` ticks step 2, `/incident runbook untick 2` takes that back."]
    sections = list(_grouped(lines))
    return {"text": f"Runbooks of {s.incident.reference}", "blocks": [texts.section(one) for one in sections[:_SECTIONS_SHOWN]]}


def _listed(s: Situation, progress: Progress) -> list[str]:
    where = texts.link(progress.runbook.link)
    title = f"*{texts.shown(progress.runbook.title, _TITLE_LIMIT)}* (`{texts.shown(progress.key, 64)}`){f' - {where}' if where else ''}"
    return ["", f"{title}. {used(progress.last, s.zones)}", *[_step_line(s, step) for step in progress.steps]]


def _grouped(lines: Iterable[str]) -> Iterator[str]:
    section = ""
    for line in lines:
        if section and len(section) + 1 + len(line) > texts.SECTION_LIMIT:
            yield section
            section = ""
        section = f"{section}\n{line}" if section else line
    if section:
        yield section


def ticked(s: Situation, done: Ticked) -> Words:
    """What who ticked a step, or took that back, is told."""
    step = done.step
    what = f"Step {step.number} of {texts.shown(done.title, _TITLE_LIMIT)}"
    if step.ticked_at is None:
        return {"text": f"{what} is open again." if done.changed else f"{what} is not ticked."}
    if done.changed:
        return {"text": f"{what} is ticked: {texts.shown(step.text, _STEP_SHOWN)}"}
    at = times.near(step.ticked_at, s.now, s.zones)
    return {"text": f"{what} was ticked by {texts.shown(done.name, 80)} at {at} already."}


def shown_now(title: str, *, again: bool) -> Words:
    """The runbook comes to the channel, or is there."""
    named = texts.shown(title, _TITLE_LIMIT)
    if again:
        return {"text": f"{named} is in the channel already. `/incident runbook` lists its steps."}
    return {"text": f"{named} comes to the channel."}


def follow_ups_asked(reference: str, asked: Sequence[FollowUp], names: Mapping[str, str]) -> Words:
    """Says in the channel what is to be followed up now."""
    head = f"To follow up after {reference}; `/incident followup done NUMBER` when it is done:"
    text = "\n".join([head, *[follow_up_line(one, names) for one in asked]])
    return {"text": text, "blocks": [texts.section(text)]}


def follow_up_line(one: FollowUp, names: Mapping[str, str]) -> str:
    """A follow-up with its number, who has it, and whether it is done; escaped."""
    owner = texts.shown(names.get(one.owner_id or "", "nobody yet"), 80)
    mark = "☐" if one.open else "☑"
    return f"{mark} {one.number}. {texts.shown(one.text, 300)} - {owner}"


def follow_up_list(reference: str, found: Sequence[FollowUp], names: Mapping[str, str]) -> Words:
    """The follow-ups of an incident, one line each."""
    if not found:
        return {"text": f"{reference} has no follow-up. `/incident followup TEXT` adds one, `/incident followup @ana TEXT` for somebody."}
    lines = [f"Follow-ups of {reference}", *[follow_up_line(one, names) for one in found]]
    sections = list(_grouped(lines))
    return {"text": lines[0], "blocks": [texts.section(one) for one in sections[:_SECTIONS_SHOWN]]}


def follow_up_added(reference: str, one: FollowUp, names: Mapping[str, str], *, new: bool) -> Words:
    """The follow-up is written down, or was before."""
    known = "" if new else " It was written down before."
    return {"text": f"{reference}: {follow_up_line(one, names)}.{known}"}


def follow_up_done(reference: str, one: FollowUp, *, first: bool) -> Words:
    """The follow-up is done, or was before."""
    how = "is done" if first else "was done already"
    return {"text": f"Follow-up {one.number} of {reference} {how}: {texts.shown(one.text, 300)}"}
