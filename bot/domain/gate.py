"""The gate: whether one may launch or deploy now, by what the policy wants to be so (J14)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.matching import Names
from bot.domain.severity import Span


class SentryRules(BaseModel):
    """Which unresolved issues of Sentry close the gate; the token is SENTRY_TOKEN."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field("https://sentry.io", pattern=r"^https?://[^\s/]{1,200}$", description="Where Sentry is")
    organisation: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="The slug of the organisation in Sentry")
    projects: Names = Field((), description="The slugs of the projects; all when none is named")
    query: str = Field("is:unresolved level:fatal", min_length=1, max_length=400, description="The search whose results close the gate")


class GateRules(BaseModel):
    """What closes the gate besides a freeze by hand. A part that is not named is not asked for.

    ``severities``: an open incident of one of them. ``checks``: one that is not green. ``proven_within``: a route that declares a severity
    that pages, and was neither heard nor tested for so long. ``heartbeats``: one that is silent, or was never heard.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    severities: Names = Field((), description="An open incident of one of these closes it")
    checks: Names = Field((), description="A check of these that is not green closes it")
    proven_within: Span | None = Field(
        None, description="A route that declares a severity that pages, and was neither heard nor tested for so long, closes it"
    )
    heartbeats: bool = Field(False, description="Whether a silent heartbeat closes it")
    sentry: SentryRules | None = Field(None, description="Unresolved issues of Sentry that close it")
