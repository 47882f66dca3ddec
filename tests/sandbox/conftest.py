"""The sandbox itself under test: what it does wrong on purpose has to be what the vendors do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.phone_bot import PhoneBot, open_phone_bot
from tests.sandbox.slack_bot import SlackBot, open_slack_bot


@pytest.fixture
async def phone_bot() -> AsyncIterator[PhoneBot]:
    """A listening bot beside a fresh sandbox."""
    async with open_phone_bot() as opened:
        yield opened
        assert opened.unsigned == 0, "Twilio's own SDK does not take one of the signatures"


@pytest.fixture
async def slack_bot() -> AsyncIterator[SlackBot]:
    """A listening bot beside a fresh sandbox."""
    async with open_slack_bot() as opened:
        yield opened
        assert opened.unsigned == 0, "Slack's own SDK does not take one of the signatures"
