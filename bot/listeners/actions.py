"""Buttons and menus, on cards, in answers and at home: one listener for all of them, routed by action id."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.clock import new_id
from bot.domain.declaration import Declaration
from bot.domain.incidents import Incident, Road
from bot.domain.people import Member
from bot.errors import Malformed
from bot.listeners import commands, reading
from bot.listeners.lines import Command
from bot.messages import actions, answers
from bot.messages import runbooks as runbook_words
from bot.services import channels, inbox, incidents, lookups, postmortems, runbooks, situations
from bot.services.outbox import show_home
from bot.services.people import require_act, require_read, seen_by, who_in_slack
from bot.services.work import UnitOfWork

Words = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a button or a choice in a menu; ``value`` is an incident's id, looked up again and never trusted.

    ``at_home`` says that it was clicked in the App Home.
    """

    action_id: str
    value: str
    user_id: str
    user_name: str
    channel_id: str
    trigger_id: str
    at_home: bool = False


def parse(body: Mapping[str, Any]) -> Click:
    """The click that a block_actions payload holds; a menu's choice stands for the action it names."""
    action = (body.get("actions") or [{}])[0]
    option = str((action.get("selected_option") or {}).get("value", ""))
    action_id, value = str(action.get("action_id", "")), str(action.get("value", "")) or option
    if action_id == actions.MORE:
        action_id, value = actions.chosen(option)
    user = body.get("user") or {}
    return Click(
        action_id,
        value,
        str(user.get("id", "")),
        str(user.get("username") or user.get("name") or ""),
        str((body.get("channel") or {}).get("id", "")),
        str(body.get("trigger_id", "")),
        (body.get("view") or {}).get("type") == "home",
    )


FORMS = (
    actions.UPDATE,
    actions.CHANGE_SEVERITY,
    actions.ASSIGN_ROLE,
    actions.PAGE,
    actions.NOTE,
    actions.NOTE_AT,
    actions.CHANGE_TRIAGE,
    actions.RESOLVE,
    actions.REOPEN,
    actions.WRITE_POSTMORTEM,
    actions.WRITE_REPORT,
    actions.DECLARE,
)
"""What a form asks more about."""


async def act(work: UnitOfWork, click: Click) -> Words:
    """What the person who clicked is told; a second click changes nothing."""
    handler = _HANDLERS.get(click.action_id)
    if handler is None:
        raise Malformed("This button is not known any more. Type `/incident help` for what can be done.")
    member = await who_in_slack(work, click.user_id, click.user_name)
    require_read(member)
    words = await handler(work, member, click)
    if click.at_home:
        await show_home(work, member, await lookups.home_of(work, member))
    return words


async def incident_of(work: UnitOfWork, member: Member, click: Click) -> Incident:
    """The incident that was clicked on; who clicks in its own channel is in it."""
    incident = await situations.incident(work, click.value)
    live = await channels.live(work, incident)
    if live is not None and click.channel_id and live.channel_id == click.channel_id:
        return incident
    return await seen_by(work, member, incident)


async def _acknowledge(work: UnitOfWork, member: Member, click: Click) -> Words:
    incident = await incident_of(work, member, click)
    done = await incidents.acknowledge(work, incident.id, member.id, Road.SLACK)
    return answers.acknowledged(await situations.read(work, done.incident), first=done.first)


async def _join(work: UnitOfWork, member: Member, click: Click) -> Words:
    incident = await incident_of(work, member, click)
    if incident.private:
        require_act(member)
    await channels.bring_in(work, incident, member.id)
    return answers.joining(await situations.read(work, incident))


async def _declare_anyway(work: UnitOfWork, member: Member, click: Click) -> Words:
    try:
        asked = json.loads(click.value)
        wanted = Declaration(
            token=f"click:{click.trigger_id or new_id()}",
            title=str(asked["title"]),
            severity=str(asked["severity"]),
            declared_by=member.id,
            even_if_same=True,
            private=asked.get("private") is True,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Malformed("This button was changed on its way. Type `/incident declare` again.") from error
    return await commands.declare(work, member, wanted)


async def _declare_alert(work: UnitOfWork, member: Member, click: Click) -> Words:
    incident = await inbox.declare_from(work, member, f"click:{click.trigger_id or new_id()}", [click.value])
    return answers.declared(await situations.read(work, incident), joined=False)


async def _dismiss_alert(work: UnitOfWork, member: Member, click: Click) -> Words:
    await inbox.dismiss(work, member, [click.value])
    return answers.said("It left the inbox. When it fires anew it comes anew.")


async def _attach_alert(work: UnitOfWork, member: Member, click: Click) -> Words:
    alert_id, incident_id = actions.chosen(click.value)
    incident = await incident_of(work, member, replace(click, value=incident_id))
    joined = await inbox.attach_waiting(work, member, incident.id, alert_id)
    return answers.said(f"It belongs to {joined.reference} now.")


async def _timeline(work: UnitOfWork, member: Member, click: Click) -> Words:
    incident = await incident_of(work, member, click)
    return answers.timeline(incident.reference, *await lookups.latest(work, incident))


async def _show(work: UnitOfWork, member: Member, click: Click) -> Words:
    return answers.status(await situations.read(work, await incident_of(work, member, click)))


async def _draft(work: UnitOfWork, member: Member, click: Click) -> Words:
    require_act(member)
    incident = await incident_of(work, member, click)
    await postmortems.draft_and_share(work, incident)
    return answers.drafted(incident.reference)


def _tick(*, back: bool) -> Callable[[UnitOfWork, Member, Click], Awaitable[Words]]:
    async def handle(work: UnitOfWork, member: Member, click: Click) -> Words:
        await incident_of(work, member, replace(click, value=await runbooks.incident_of_step(work, click.value)))
        done = await runbooks.tick_by_id(work, click.value, member.id, back=back)
        return runbook_words.ticked(await situations.read(work, done.incident), done)

    return handle


def _as_typed(show: Callable[[UnitOfWork, Member, Command], Awaitable[Words]]) -> Callable[[UnitOfWork, Member, Click], Awaitable[Words]]:
    async def handle(work: UnitOfWork, member: Member, click: Click) -> Words:
        return await show(work, member, Command("", "", click.user_id, click.user_name, click.channel_id, click.trigger_id))

    return handle


_HANDLERS: Mapping[str, Callable[[UnitOfWork, Member, Click], Awaitable[Words]]] = {
    actions.ACKNOWLEDGE: _acknowledge,
    actions.JOIN: _join,
    actions.DECLARE_ANYWAY: _declare_anyway,
    actions.DECLARE_ALERT: _declare_alert,
    actions.DISMISS_ALERT: _dismiss_alert,
    actions.ATTACH_ALERT: _attach_alert,
    actions.SHOW: _show,
    actions.SHOW_TIMELINE: _timeline,
    actions.DRAFT_POSTMORTEM: _draft,
    actions.TICK_STEP: _tick(back=False),
    actions.UNTICK_STEP: _tick(back=True),
    actions.SHOW_LIST: _as_typed(reading.listed),
    actions.SHOW_ON_CALL: _as_typed(reading.on_call),
    actions.HELP: _as_typed(reading.help_text),
}
