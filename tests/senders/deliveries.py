"""Messages as the senders receive them, and what the sandbox saw of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.clock import new_id
from bot.domain.outbox import Delivery, Kind, Sender
from bot.errors import SendError
from bot.sandbox import Sandbox


def make_delivery(kind: Kind, *, identity: str | None = None, ambiguous: bool = False, **request: Any) -> Delivery:
    return Delivery(identity or new_id(), kind, request, ambiguous, datetime.now(UTC))


def asked(sandbox: Sandbox, name: str) -> int:
    """How often the sandbox was asked for a method, whatever it answered."""
    return sum(request.name == name for request in sandbox.requests)


async def failure(sender: Sender, delivery: Delivery) -> SendError:
    """The SendError that sending ends in."""
    with pytest.raises(SendError) as caught:
        await sender.send(delivery)
    return caught.value
