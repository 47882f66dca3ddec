"""An installation that ``muster doctor`` finds nothing wrong with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Sandbox, SandboxSettings
from tests.cli.clinic import Clinic, addresses


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    sandbox = Sandbox(SandboxSettings())
    await sandbox.start()
    world = sandbox.settings
    made = Clinic(sandbox, tmp_path)
    made.environment = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}",
        "MUSTER_SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "SLACK_BOT_TOKEN": world.bot_token,
        "SLACK_APP_TOKEN": world.app_token,
        "TWILIO_ACCOUNT_SID": world.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": world.twilio_auth_token,
        "TWILIO_SMS_FROM": world.twilio_from,
        "EMAIL_FROM": "muster@example.com",
    } | addresses(sandbox)
    made.policy()
    try:
        yield made
    finally:
        await made.sandbox.stop()
