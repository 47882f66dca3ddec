"""Who may do what: the access of members of the workspace, and of those who hold a token."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.routing import SecretReference

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Access(StrEnum):
    """Access roles, the farthest reaching first."""

    OWNER = "owner"
    HQ = "hq"
    RESPONDER = "responder"
    VIEWER = "viewer"
    NONE = "none"

    @property
    def may_act(self) -> bool:
        """Whether it may change incidents."""
        return self in (Access.OWNER, Access.HQ, Access.RESPONDER)

    @property
    def may_read(self) -> bool:
        """Whether it may see incidents."""
        return self is not Access.NONE


class AccessRules(BaseModel):
    """What a member of the workspace may do who is not among the people; ``guests`` are restricted members and other workspaces'."""

    model_config = _FROZEN

    default: Access = Field(Access.RESPONDER, description="Members of the workspace")
    guests: Access = Field(Access.NONE, description="Restricted members, bots, and people of other workspaces")


class Token(BaseModel):
    """A bearer token of the bot's own API."""

    model_config = _FROZEN

    name: str = Field(description="What stands in the audit")
    secret: SecretReference = Field(description="Where it is in the environment")
    access: Access = Field(Access.RESPONDER, description="What it may do")
    person: str | None = Field(None, description="In whose name it acts")
