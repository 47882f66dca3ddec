"""What Twilio says when it refuses, by its codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXTS: Mapping[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource {path} was not found"),
    20001: (400, "Unknown parameter value: {path}"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url parameter is required."),
    21210: (400, "The source phone number provided, {sender}, is not yet verified for your account."),
    21211: (400, "Invalid 'To' Phone Number: {to}"),
    21213: (400, "No 'From' number is specified"),
    21215: (400, "Geo Permission configuration is not permitting call"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The From phone number {sender} is not a valid, SMS-capable inbound phone number for your account."),
    21609: (400, "The 'StatusCallback' URL {callback} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "SMS queue is full."),
    21612: (400, "The 'To' phone number is not currently reachable via SMS"),
    21614: (400, "To number: {to}, is not a mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21654: (400, "A ContentSid is required when ContentVariables are given."),
    21655: (400, "The ContentSid is Invalid"),
    21656: (400, "The ContentVariables Parameter is invalid"),
    21910: (400, "Invalid From and To pair. From and To should be of the same channel"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
}
LATER: Mapping[int, str] = {
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30032: "Toll-Free Number Has Not Been Verified",
    30034: "Message from an Unregistered Number",
    63016: "Failed to send freeform message because you are outside the allowed window. If you are using WhatsApp, please use a Template.",
    63024: "Invalid message recipient",
    63040: "Template rejected",
    63041: "Template paused",
    63042: "Template disabled",
}
"""Why a message that was taken with 201 did not arrive."""


class TwilioError(Exception):
    """A refusal with Twilio's code."""

    def __init__(self, code: int, **names: str) -> None:
        status, text = TEXTS.get(code, (400, "The request was refused"))
        filled = {"to": "", "sender": "", "callback": "", "path": ""} | names
        self.code, self.status, self.text = code, status, text.format_map(filled)
        super().__init__(self.text)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON that Twilio answers."""
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": self.text, "more_info": more, "status": self.status}


def check(refusals: list[tuple[int, bool]], **names: str) -> None:
    """Raises TwilioError with the first code whose condition holds."""
    for code, wrong in refusals:
        if wrong:
            raise TwilioError(code, **names)
