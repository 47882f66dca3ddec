"""What each clock owes, in the words of a sentence, and what keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.domain.severity import ClockName
from bot.domain.situation import Owing, Situation

OWED: Mapping[ClockName, str] = {
    ClockName.ACKNOWLEDGE: "an acknowledgement",
    ClockName.MITIGATE: "a first mitigation",
    ClockName.UPDATE: "a status update",
    ClockName.RESOLVE: "its resolution",
    ClockName.COMMANDER: "a commander",
    ClockName.TECHNICAL_LEAD: "a technical lead",
    ClockName.COMMUNICATIONS: "a communications lead",
    ClockName.TENANTS: "a mail to the critical tenants",
    ClockName.TICKET: "a ticket",
    ClockName.REPORT: "the preliminary report",
    ClockName.POSTMORTEM: "the write-up",
    ClockName.MEETING: "the meeting about it",
}
KEPT: Mapping[ClockName, str] = {
    ClockName.ACKNOWLEDGE: "an acknowledgement came",
    ClockName.MITIGATE: "a first mitigation began",
    ClockName.UPDATE: "a status update came",
    ClockName.RESOLVE: "it was resolved",
    ClockName.COMMANDER: "there is a commander",
    ClockName.TECHNICAL_LEAD: "there is a technical lead",
    ClockName.COMMUNICATIONS: "there is a communications lead",
    ClockName.TENANTS: "the critical tenants were mailed",
    ClockName.TICKET: "there is a ticket",
    ClockName.REPORT: "the preliminary report was written",
    ClockName.POSTMORTEM: "the write-up is complete",
    ClockName.MEETING: "the meeting about it was held",
}
"""Why what rang for a clock, and what was armed of it, ended: what was owed is there."""
NEXT_STEP: Mapping[ClockName, str] = {
    ClockName.ACKNOWLEDGE: "Press Acknowledge on the card, or write `/incident ack`.",
    ClockName.MITIGATE: "Once it has begun, write `/incident update Mitigating` and what you did.",
    ClockName.UPDATE: "Write `/incident update` and where things stand.",
    ClockName.RESOLVE: "Write `/incident resolve` once it is over, or call somebody who can help with `/incident page`.",
    ClockName.COMMANDER: "Write `/incident role commander` and mention who it is.",
    ClockName.TECHNICAL_LEAD: "Write `/incident role technical lead` and mention who it is.",
    ClockName.COMMUNICATIONS: "Write `/incident role communications lead` and mention who it is.",
    ClockName.TENANTS: "Write `/incident tenants` and what they are to read.",
    ClockName.TICKET: "File it where the work is planned, and write `/incident ticket` and its link.",
    ClockName.REPORT: "Write `/incident report`: a form asks for what is known.",
    ClockName.POSTMORTEM: "Write `/incident postmortem write`: a form asks for what the draft lacks.",
    ClockName.MEETING: "Write `/incident meeting held` once it was held, or `/incident meeting` and another time.",
}


def next_step(s: Situation | Owing, clock: ClockName, escape: Callable[[str], str] = str) -> str:
    """What keeps what is owed; of a write-up, which of its sections are empty still, escaped for where it is read."""
    if clock is ClockName.POSTMORTEM and s.unwritten:
        return f"Still empty: {escape(', '.join(s.unwritten))}. {NEXT_STEP[clock]}"
    return NEXT_STEP[clock]
