"""Tenants: whom an organisation serves, and which of them are told by mail when it is down (W8)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.matching import Names

Address = Annotated[str, Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$", max_length=254)]


class Tenant(BaseModel):
    """A customer; a critical one is written to when an incident concerns it and a person wrote the words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="What people read")
    email: tuple[Address, ...] = Field((), description="Where it is written to")
    critical: bool = Field(False, description="Whether it is written to when an incident concerns it")
    labels: Names = Field((), description="What monitors call it in the label tenant, besides its key")
