"""Words as Slack takes them: what would be refused is left out before it is sent, so that something always arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from bot.domain.outbox import Delivery

EVENT_TYPE = "muster"
LITERAL = {"link_names": False, "parse": "none"}
_FIELD_LIMIT, _BLOCKS_LIMIT, _EDIT_LIMIT = 2000, 50, 4000


def words_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The text with its blocks, or the text alone when the blocks break one of Slack's limits."""
    text, blocks = str(request["text"]), request.get("blocks")
    return {"text": text, "blocks": blocks} if blocks and _valid(blocks) else {"text": text}


def words_for_edit(request: Mapping[str, Any]) -> dict[str, Any]:
    """The same for an edit, whose text may not be as long as a new message's."""
    words = words_of(request)
    if len(words["text"]) > _EDIT_LIMIT:
        words["text"] = f"{words['text'][: _EDIT_LIMIT - 1]}…"
    return words


def metadata_of(delivery: Delivery) -> dict[str, Any]:
    """What a post carries unseen, so that it can be found again."""
    return {"event_type": EVENT_TYPE, "event_payload": {"message_id": delivery.id}}


def carries(message: Mapping[str, Any], delivery: Delivery) -> bool:
    """Whether a message from a channel's history is what that delivery posted."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == EVENT_TYPE and payload.get("message_id") == delivery.id


def _valid(blocks: list[dict[str, Any]]) -> bool:
    fields = [field for block in blocks for field in block.get("fields") or ()]
    if len(blocks) > _BLOCKS_LIMIT or any(len(field.get("text", "")) > _FIELD_LIMIT for field in fields):
        return False
    try:
        parsed = [Block.parse(dict(block)) for block in blocks]
        for block in parsed:
            if block is None:
                return False
            block.to_dict()
    except (SlackObjectFormationError, AttributeError, KeyError, TypeError, ValueError):
        return False
    return True
