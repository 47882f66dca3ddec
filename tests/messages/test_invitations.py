"""Invitations as calendars read them (RFC 5545)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.meetings import Meeting
from bot.domain.writing import MeetingRules
from bot.messages.invitations import Guest, Method, calendar, fold
from tests.house import NOON

MEETING = Meeting("01abc", "i", NOON + timedelta(days=7), 2, None, None)
ANA = Guest('Ana "the IC"', "ana@example.com")


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def test_an_invitation_has_what_a_calendar_needs() -> None:
    lines = unfolded(calendar(Method.REQUEST, MEETING, MeetingRules(), "INC-7 Checkout; down, \\ twice\nyes", ANA, [ANA], NOON))
    for line in (
        "METHOD:REQUEST",
        "UID:01abc@muster",
        "SEQUENCE:2",
        "DTSTAMP:20261120T220500Z",
        "DTSTART:20261127T220500Z",
        "DTEND:20261127T230500Z",
        "SUMMARY:Blameless postmortem: INC-7 Checkout\\; down\\, \\\\ twice yes",
        "DESCRIPTION:INC-7 Checkout\\; down\\, \\\\ twice\\nyes",
        "STATUS:CONFIRMED",
        "ORGANIZER;CN=\"Ana 'the IC'\":mailto:ana@example.com",
    ):
        assert line in lines
    assert next(line for line in lines if line.startswith("ATTENDEE")).endswith("RSVP=TRUE:mailto:ana@example.com")
    assert (lines[0], lines[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])


def test_a_cancellation_is_the_same_event_taken_back() -> None:
    lines = unfolded(calendar(Method.CANCEL, MEETING, MeetingRules(), "INC-7", ANA, [ANA], NOON))
    assert {"METHOD:CANCEL", "UID:01abc@muster", "STATUS:CANCELLED"} <= set(lines)


@given(st.text(max_size=300))
def test_no_line_is_longer_than_75_octets_and_nothing_is_lost(line: str) -> None:
    folded = fold(line)
    assert all(len(part.encode("utf-8", "surrogatepass")) <= 75 for part in folded)
    assert folded[0] + "".join(part[1:] for part in folded[1:]) == line


@given(st.text(max_size=200), st.text(max_size=80))
def test_no_words_of_a_title_or_a_name_make_a_line_of_their_own(title: str, name: str) -> None:
    lines = unfolded(calendar(Method.REQUEST, MEETING, MeetingRules(), title, Guest(name, "a@example.com"), [ANA], NOON))
    names = [line.partition(":")[0].partition(";")[0] for line in lines if line]
    assert len(names) == 18 and len(set(names)) == 16
