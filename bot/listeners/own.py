"""Events that the bot itself caused: ignored, as Bolt would, but for the probe that shows whether Slack still reaches us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.response import BoltResponse

_PROBE = "muster_probe:"


def probe_block_id(nonce: str) -> str:
    """The block id that marks the standing message of the probe; it comes back in every event about it."""
    return f"{_PROBE}{nonce}"


def probe_of(message: Mapping[str, Any]) -> str | None:
    """The nonce of the probe that a message carries, None for any other message."""
    for block in message.get("blocks") or ():
        block_id = str(block.get("block_id", ""))
        if block_id.startswith(_PROBE):
            return block_id.removeprefix(_PROBE)
    return None


class Own:
    """Stands in front of every listener; ``hear`` is told the nonce of each probe of ours that came back."""

    def __init__(self) -> None:
        self.hear: Callable[[str], Awaitable[None]] | None = None

    async def filter(
        self,
        body: Mapping[str, Any],
        context: Mapping[str, Any],
        ack: Callable[..., Awaitable[BoltResponse]],
        next_: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse:
        """Acknowledges our own events and does nothing else with them: none reaches a timeline."""
        event, me = body.get("event"), context.get("bot_user_id")
        if event is None or me is None or context.get("user_id") != me:
            return await next_()
        nonce = probe_of(event.get("message") or event)
        if nonce is not None and self.hear is not None:
            await self.hear(nonce)
        return await ack()
