"""Refused requests, counted by whom they came from, until they are many enough to tell (W6).

Counting is in memory, for whoever is refused shall not have us write. It is bounded by the number of names and of moments that are kept,
so that nobody can make it grow: beyond it the ones that were refused longest ago are forgotten.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.domain.severity import Span

KEPT = 1000
"""Names that are remembered at a time."""
_NETWORK = 64
"""An IPv6 address stands for its network of so many bits: one customer has that many to choose from."""


class RefusalRules(BaseModel):
    """So many refused requests ``within`` a span are an alert."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(20, ge=2, le=1000, description="How many refused requests")
    within: Span = Field(timedelta(minutes=5), description="Within that span, from 10s to 24h")

    @field_validator("within")
    @classmethod
    def _bearable(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=10) <= value <= timedelta(days=1):
            raise ValueError("expected a span from 10s to 24h")
        return value


class SecurityRules(BaseModel):
    """What the bot watches at its own doors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refusals: RefusalRules = Field(
        RefusalRules(), description="Requests refused for a wrong secret, from one address or in the name of one source, that are an alert"
    )


class Suspicion(StrEnum):
    """What refused requests have in common."""

    SIGNATURE = "signature"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True, order=True)
class Suspect:
    """Whose requests were refused: in the name of a source, or from an address."""

    kind: Suspicion
    name: str


@dataclass(slots=True)
class _Trail:
    moments: deque[datetime]
    told_at: datetime | None = None


@dataclass(slots=True)
class Refusals:
    """The refused requests of late; ``waiting`` are the suspects of whom is to be told."""

    waiting: set[Suspect] = field(default_factory=set)
    _trails: OrderedDict[Suspect, _Trail] = field(default_factory=OrderedDict)

    def count(self, suspect: Suspect, now: datetime, rules: RefusalRules) -> None:
        """Counts one more; who reaches the limit waits to be told of, and again every half span for as long as it goes on."""
        trail = self._trails.setdefault(suspect, _Trail(deque(maxlen=rules.count)))
        self._trails.move_to_end(suspect)
        trail.moments.append(now)
        many = len(trail.moments) == rules.count and now - trail.moments[0] <= rules.within
        if many and (trail.told_at is None or now - trail.told_at >= rules.within / 2):
            trail.told_at = now
            self.waiting.add(suspect)
        if len(self._trails) > KEPT:
            forgotten, _ = self._trails.popitem(last=False)
            self.waiting.discard(forgotten)

    def told(self, suspects: set[Suspect]) -> None:
        """Takes out those of whom it is written down."""
        self.waiting -= suspects

    def __len__(self) -> int:
        return len(self._trails)


def from_address(peer: str | None) -> Suspect:
    """The suspect behind a peer's address; of IPv6, the network that one customer gets."""
    try:
        address = ip_address((peer or "").partition("%")[0])
    except ValueError:
        return Suspect(Suspicion.ADDRESS, "unknown")
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return Suspect(Suspicion.ADDRESS, str(ip_network((address, _NETWORK), strict=False)))
    return Suspect(Suspicion.ADDRESS, str(getattr(address, "ipv4_mapped", None) or address))
