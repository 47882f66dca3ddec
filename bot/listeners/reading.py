"""The commands that only show something."""

from __future__ import annotations

from typing import Any

from bot.domain.people import Member
from bot.errors import NotFound
from bot.listeners.lines import Command, incident_of
from bot.messages import answers
from bot.services import lookups, situations
from bot.services.work import UnitOfWork

Words = dict[str, Any]


async def status(work: UnitOfWork, member: Member, command: Command) -> Words:
    """The status post."""
    incident, _ = await incident_of(work, member, command)
    return answers.status(await situations.read(work, incident))


async def listed(work: UnitOfWork, member: Member, _command: Command) -> Words:
    """What is open."""
    return answers.incident_list(await lookups.open_for(work, member))


async def timeline(work: UnitOfWork, member: Member, command: Command) -> Words:
    """What happened lately."""
    incident, _ = await incident_of(work, member, command)
    return answers.timeline(incident.reference, *await lookups.latest(work, incident))


async def on_call(work: UnitOfWork, _member: Member, _command: Command) -> Words:
    """Who is called."""
    return answers.on_call(await lookups.on_call(work))


async def menu(work: UnitOfWork, _member: Member, command: Command) -> Words:
    """What can be done here, by clicking."""
    try:
        incident = await situations.by_channel(work, command.channel_id)
    except NotFound:
        return answers.menu(None)
    return answers.menu(await situations.read(work, incident))


async def help_text(_work: UnitOfWork, _member: Member, _command: Command) -> Words:
    """Every command."""
    return answers.help_text()
