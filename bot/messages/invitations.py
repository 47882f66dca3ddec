"""Invitations as iCalendar (RFC 5545, 5546): what a calendar reads of a meeting, of its move, and of its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.domain.meetings import Meeting
from bot.domain.writing import MeetingRules
from bot.messages.texts import clean, one_line

_FOLD = 75
"""How many octets a line may have before it is folded."""
_NAME_LIMIT, _SUMMARY_LIMIT, _DESCRIPTION_LIMIT = 80, 200, 2000


class Method(StrEnum):
    """What an invitation asks of a calendar."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody by name and mail address."""

    name: str
    email: str


def calendar(
    method: Method, meeting: Meeting, rules: MeetingRules, about: str, organiser: Guest, guests: Sequence[Guest], now: datetime
) -> str:
    """The invitation: one event under the meeting's own id, times in UTC, lines ended by CRLF and folded."""
    status = "CANCELLED" if method is Method.CANCEL else "CONFIRMED"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Muster//Incidents//EN",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method.value}",
        "BEGIN:VEVENT",
        f"UID:{meeting.id}@muster",
        f"SEQUENCE:{meeting.sequence}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(meeting.at)}",
        f"DTEND:{_utc(meeting.at + rules.lasts)}",
        f"SUMMARY:{_text(one_line(f'{rules.title}: {about}', _SUMMARY_LIMIT))}",
        f"DESCRIPTION:{_text(clean(about, _DESCRIPTION_LIMIT))}",
        f"STATUS:{status}",
        f"ORGANIZER;CN={_name(organiser.name)}:mailto:{_address(organiser.email)}",
        *(_attendee(guest) for guest in guests),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{folded}\r\n" for line in lines for folded in fold(line))


def _attendee(guest: Guest) -> str:
    return f"ATTENDEE;CN={_name(guest.name)};ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{_address(guest.email)}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """A value of type TEXT (RFC 5545, 3.3.11)."""
    for character, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        words = words.replace(character, escaped)
    return words


def _name(name: str) -> str:
    """A parameter's value in quotes, which may hold anything but quotes and control characters."""
    return f'"{one_line(name, _NAME_LIMIT).replace(chr(34), chr(39))}"'


def _address(email: str) -> str:
    return "".join(one_line(email, 254).split())


def fold(line: str) -> list[str]:
    """The line as lines of at most 75 octets, those after the first begun by a space; no character is cut in two."""
    folded, current = [], ""
    for character in line:
        if len((current + character).encode()) > _FOLD:
            folded.append(current)
            current = " "
        current += character
    return [*folded, current]
