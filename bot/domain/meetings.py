"""The meeting about an incident: when it is planned, and when people say it shall be (O13)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.windows import Day
from bot.domain.writing import MeetingRules
from bot.errors import Malformed

_CLOCK = re.compile(r"^(?:(?P<day>\S+)[ t]+)?(?P<clock>\d{1,2}:\d{2})(?:\s*(?P<utc>z|utc))?$", re.IGNORECASE)
_HOW = "Name a time such as 15:00, tomorrow 15:00, thu 15:00 or 2026-11-27 15:00; with UTC after it, it is counted in UTC."
_WEEK = 7
_AT_MOST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Meeting:
    """The meeting about one incident; ``sequence`` counts its invitations, which is how calendars know the newest."""

    id: str
    incident_id: str
    at: datetime
    sequence: int
    held_at: datetime | None
    cancelled_at: datetime | None

    @property
    def to_come(self) -> bool:
        """Whether it is planned still."""
        return self.held_at is None and self.cancelled_at is None


def latest_start(rules: MeetingRules, due_at: datetime, now: datetime) -> datetime:
    """The last moment at which it can begin and be over when it is due, on a day and in the hours that the policy allows.

    Where the policy leaves no such moment between now and then, it ends when it is due, or begins at once.
    """
    zone = ZoneInfo(rules.during.zone)
    day = due_at.astimezone(zone).date()
    while datetime.combine(day, time.max, zone) > now:
        at = datetime.combine(day, rules.at, zone).astimezone(UTC)
        if now < at <= due_at - rules.lasts and rules.during.holds(at):
            return at
        day -= timedelta(days=1)
    return max(due_at - rules.lasts, now)


def coming_moment(text: str, now: datetime, zone: str) -> datetime:
    """The moment to come that the text names, aware UTC; a bare time is the next such time in ``zone``. Raises Malformed."""
    match = _CLOCK.match(text.strip())
    if match is None:
        raise Malformed(_HOW)
    local = ZoneInfo("UTC" if match["utc"] else zone)
    today = now.astimezone(local).date()
    at, day = _time(match["clock"]), _day(match["day"], today)
    moment = _real(day or today, at, local)
    if day is None and moment <= now:
        moment = _real(today + timedelta(days=1), at, local)
    if moment <= now:
        raise Malformed("That time is past. Name a time that is to come.")
    if moment > now + _AT_MOST:
        raise Malformed("That time is far away. Name a time within a year.")
    return moment


def _time(clock: str) -> time:
    hour, _, minute = clock.partition(":")
    try:
        return time(int(hour), int(minute))
    except ValueError as error:
        raise Malformed(_HOW) from error


def _day(word: str | None, today: date) -> date | None:
    if word is None:
        return None
    named = {"today": 0, "tomorrow": 1}.get(word.casefold())
    if named is not None:
        return today + timedelta(days=named)
    weekday = next((number for number, day in enumerate(Day) if word.casefold()[:3] == day.value and len(word) >= len(day.value)), None)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday()) % _WEEK or _WEEK)
    try:
        return date.fromisoformat(word)
    except ValueError as error:
        raise Malformed(_HOW) from error


def _real(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment; one that the zone's clocks skip is refused, of one that they show twice it is the first."""
    try:
        moment = datetime.combine(day, at, zone).astimezone(UTC)
        there = moment.astimezone(zone)
    except OverflowError as error:
        raise Malformed(_HOW) from error
    if there.time() != at:
        raise Malformed(f"The clocks skip {at:%H:%M} on {day.isoformat()} ({zone.key}). Name another time.")
    return moment
