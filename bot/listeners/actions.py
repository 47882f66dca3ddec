"""Buttons of the card: one listener for all of them, routed by action id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.incidents import Road
from bot.messages import actions, answers
from bot.services import incidents, situations
from bot.services.people import require_read, who_in_slack
from bot.services.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a button; ``incident_id`` is the button's value and is looked up again, never trusted."""

    action_id: str
    incident_id: str
    user_id: str
    user_name: str
    channel_id: str
    trigger_id: str
    title: str = ""


def parse(body: Mapping[str, Any]) -> Click:
    """The click that a block_actions payload holds."""
    action = (body.get("actions") or [{}])[0]
    user = body.get("user") or {}
    return Click(
        str(action.get("action_id", "")),
        str(action.get("value", "")),
        str(user.get("id", "")),
        str(user.get("username") or user.get("name") or ""),
        str((body.get("channel") or {}).get("id", "")),
        str(body.get("trigger_id", "")),
    )


MODAL_ACTIONS = (actions.UPDATE, actions.CHANGE_SEVERITY, actions.RESOLVE)


async def acknowledge(work: UnitOfWork, click: Click) -> dict[str, Any]:
    """What the person who clicked Acknowledge is told; a second click changes nothing."""
    member = await who_in_slack(work, click.user_id, click.user_name)
    require_read(member)
    done = await incidents.acknowledge(work, click.incident_id, member.id, Road.SLACK)
    return answers.acknowledged(await situations.read(work, done.incident), first=done.first)
