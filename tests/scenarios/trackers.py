"""The sandbox's Sentry in the place of the one that a policy names: its address is known only when the house stands."""

from __future__ import annotations

from bot.domain.gate import SentryRules
from tests.house import House


def ask_sentry(house: House) -> None:
    """Has the gate ask the sandbox's Sentry from now on, what else the policy says of Sentry as it is."""
    policy, place = house.bot.services.policy, {"url": house.sandbox.url, "organisation": house.sandbox.settings.sentry_organisation}
    rules = SentryRules(**place) if policy.gate.sentry is None else policy.gate.sentry.model_copy(update=place)
    house.bot.services.policy = policy.model_copy(update={"gate": policy.gate.model_copy(update={"sentry": rules})})
