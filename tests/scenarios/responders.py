"""What responders do and see in the workspace, in the words of the scenarios."""

from __future__ import annotations

import json
from typing import Any

from bot.domain.timeline import EntryKind
from bot.messages import actions
from bot.sandbox.delivery import Answer
from bot.sandbox.workspace import Ephemeral, Message, View
from bot.services.work import UnitOfWork
from bot.store import timeline
from tests.house import House

TITLE = "Checkout returns 500"
CHANNEL = "inc-1-checkout-returns-500"
SECOND = "inc-2-checkout-returns-500"
ANNOUNCED = "alerts-critical"


async def do(house: House, text: str, user: str = "U0ANA", channel: str = CHANNEL) -> str:
    """What is answered to ``/incident text`` once everything that follows from it is done.

    On a machine with too much to do an answer may come too late; the very same again has no second effect.
    """
    answer = await house.sandbox.slack.command(user, text, channel=channel)
    if answer.status in (0, 503):
        answer = await house.sandbox.slack.replay(answer)
    assert answer.status == 200, answer
    await house.settle()
    return shown(answer.body)


async def declare(house: House, text: str = f"P0 {TITLE}", user: str = "U0ANA") -> str:
    """Declares from an ordinary channel."""
    return await do(house, f"declare {text}", user, "general")


async def declare_two(house: House) -> None:
    """INC-1 and INC-2 with the same title, both of Ana's and of this moment."""
    await declare(house)
    await declare(house)
    await house.sandbox.slack.click_ephemeral("U0ANA", -1, actions.DECLARE_ANYWAY)
    await house.settle()


def shown(seen: Any) -> str:
    """Everything that can be read in a message, an answer or a form, as one text."""
    if isinstance(seen, Message | Ephemeral):
        return f"{seen.text}\n{json.dumps(seen.blocks, ensure_ascii=False)}"
    body = seen.body if isinstance(seen, View) else seen
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def card(house: House, channel: str = CHANNEL) -> Message:
    """The status card, or the announcement."""
    return next(message for message in house.sandbox.slack.channel(channel).messages if message.text.startswith("[P"))


def incident_id(house: House, channel: str = CHANNEL) -> str:
    """The id that the card's buttons carry."""
    elements = next(block["elements"] for block in card(house, channel).blocks if block.get("block_id") == "incident.actions")
    return str(elements[0]["value"])


async def press(house: House, user: str, action_id: str, channel: str = CHANNEL) -> Answer:
    """Clicks a button of the card."""
    answer = await house.sandbox.slack.click(user, channel, card(house, channel).ts, action_id)
    await house.settle()
    return answer


async def choose(house: House, user: str, action_id: str, channel: str = CHANNEL) -> Answer:
    """Chooses from the card's menu."""
    value = actions.choice(action_id, incident_id(house, channel))
    answer = await house.sandbox.slack.select(user, channel, card(house, channel).ts, actions.MORE, value)
    await house.settle()
    return answer


async def form(house: House, user: str, callback_id: str) -> View:
    """The form of that kind that somebody has open, once it is filled."""
    found: View = await house.eventually(
        lambda: next((view for view in house.sandbox.slack.open_views(user) if view.callback_id == callback_id), None), callback_id
    )
    return found


async def sentence(house: House, user: str, expected: str) -> str:
    """What a form, or an ephemeral, tells somebody alone, once it holds those words."""

    def look() -> str | None:
        seen = [*house.sandbox.slack.open_views(user), *house.sandbox.slack.ephemerals(user)]
        return next((text for text in map(shown, seen) if expected in text), None)

    found: str = await house.eventually(look, f"{user} to be told: {expected}")
    return found


async def submit(house: House, user: str, view: View, **values: Any) -> Answer:
    """Fills in a form, each field by its block, and sends it."""
    named = {block.replace("_", " ") if block not in _blocks(view) else block: {"value": value} for block, value in values.items()}
    answer = await house.sandbox.slack.submit(user, view.id, named)
    await house.settle()
    return answer


def _blocks(view: View) -> set[str]:
    return {str(block["block_id"]) for block in view.body["blocks"]}


def initial(view: View, block_id: str) -> Any:
    """What stands in a field when the form opens."""
    element = next(block["element"] for block in view.body["blocks"] if block["block_id"] == block_id)
    return next((value for name, value in element.items() if name.startswith("initial_")), None)


def errors(answer: Answer) -> dict[str, str]:
    """The sentences beside the fields of a form that was refused."""
    assert answer.status == 200
    assert answer.body is not None, "the form was accepted"
    assert answer.body["response_action"] == "errors", answer.body
    return dict(answer.body["errors"])


async def denials(house: House) -> list[str]:
    """What the audit says was refused, newest first."""

    async def look(work: UnitOfWork) -> list[str]:
        entries = await timeline.list_audit(work.tx, 50)
        return [str(entry.facts.get("what")) for entry in entries if entry.kind is EntryKind.DENIED]

    return await house.bot.services.read(look)


def incidents(house: House) -> list[str]:
    """The names of the channels of incidents."""
    return [channel.name for channel in house.sandbox.slack.channels.values() if channel.name.startswith("inc-")]


async def postmortem(house: House, channel: str = CHANNEL) -> str:
    """The newest draft as it came to the channel, after it was asked for."""
    await do(house, "postmortem", channel=channel)
    return house.sandbox.slack.files[-1].content.decode()


def direct(house: House, user: str) -> list[Message]:
    """What the bot told somebody alone in direct messages."""
    return house.sandbox.slack.channel(user).messages
