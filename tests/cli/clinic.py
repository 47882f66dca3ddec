"""A sandbox and an environment for ``muster doctor`` to look at, and what it finds there."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from bot.cli import muster
from bot.sandbox import Sandbox
from tests.policies import policy_data

FOUND = tuple[str, str, str]


@dataclass
class Clinic:
    """A sandbox, and an environment in which everything works."""

    sandbox: Sandbox
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def policy(self, **changes: Any) -> None:
        """Writes the policy of the tests, changed."""
        path = self.folder / "policy.yml"
        with path.open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump(policy_data(**changes), file)
        self.environment["MUSTER_POLICY"] = str(path)

    async def grant(self, scopes: frozenset[str]) -> None:
        """Moves into a workspace that grants these scopes."""
        await self.sandbox.stop()
        self.sandbox = Sandbox(replace(self.sandbox.settings, scopes=scopes))
        await self.sandbox.start()
        self.environment |= addresses(self.sandbox)

    async def run(self, *arguments: str, **changes: str) -> Result:
        """What the doctor answers; an empty value takes one away."""
        environment = {**self.environment, **changes}
        return await asyncio.to_thread(lambda: CliRunner().invoke(muster, ("doctor", *arguments), env=environment))

    async def found(self, **changes: str) -> list[FOUND]:
        """Level, topic and sentence of everything that the doctor finds; checks that it ends as it should and tells no secret."""
        answer = await self.run("--json", **changes)
        assert isinstance(answer.exception, SystemExit | None), answer.exception
        findings = json.loads(answer.stdout)
        assert answer.exit_code == any(finding["level"] == "fail" for finding in findings), answer.output
        assert all(finding["next_step"] for finding in findings if finding["level"] != "ok")
        environment = self.environment | changes
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "MUSTER_SECRET_KEY"):
            assert not environment.get(name) or environment[name] not in answer.output
        return [(finding["level"], finding["topic"], finding["sentence"]) for finding in findings]


def addresses(sandbox: Sandbox) -> dict[str, str]:
    """Where the sandbox plays each provider, by the setting."""
    return {"SLACK_API_URL": sandbox.slack_api_url, "TWILIO_API_URL": sandbox.twilio_api_url, "SMTP_URL": sandbox.mailbox.url}


def of(found: list[FOUND], topic: str, level: str) -> str:
    """The sentences of one topic and level."""
    return " ".join(sentence for one, at, sentence in found if (one, at) == (level, topic))
