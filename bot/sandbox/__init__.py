"""A pretend Slack workspace, phone network and mailbox; the bot meets it over HTTP only, and it imports nothing of the bot."""

from __future__ import annotations

from bot.sandbox.delivery import Answer
from bot.sandbox.faults import Fault
from bot.sandbox.scopes import DEFAULT_SCOPES
from bot.sandbox.server import Sandbox, SandboxSettings

__all__ = ["DEFAULT_SCOPES", "Answer", "Fault", "Sandbox", "SandboxSettings"]
