"""WhatsApp's rules: templates, the buttons under them, and the session that only a person's own message opens."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.refusals import TwilioError

SESSION = timedelta(hours=24)
PREFIX = "whatsapp:"
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_UNFIT = re.compile(r"[\n\r\t]| {5,}")
_NOT_SENT: Mapping[str, int] = {"rejected": 63040, "paused": 63041, "disabled": 63042}


@dataclass
class Template:
    """A content template; its buttons are pairs of title and payload, and the payload may have places to fill in, too."""

    sid: str
    body: str = "{{1}} {{2}}. Reply {{3}} to acknowledge, {{3}}E to escalate."
    buttons: tuple[tuple[str, str], ...] = (("Acknowledge", "{{3}}"), ("Escalate", "{{3}}E"))
    samples: Mapping[str, str] = field(default_factory=lambda: {"1": "[INC-1 #7]", "2": "P0 Checkout is down", "3": "7"})
    language: str = "en"
    status: str = "approved"

    def filled(self, variables: Mapping[str, str]) -> tuple[str, list[tuple[str, str]]]:
        """The text and the buttons as they are read; a variable that was left out is its sample."""
        values = {**self.samples, **variables}
        return _fill(self.body, values), [(title, _fill(payload, values)) for title, payload in self.buttons]

    def shown(self, account: str) -> dict[str, Any]:
        """The template as Twilio's Content API shows it."""
        actions = [{"type": "QUICK_REPLY", "title": title, "id": payload} for title, payload in self.buttons]
        kind, types = self.kind, {"body": self.body, **({"actions": actions} if actions else {})}
        return {
            "sid": self.sid,
            "account_sid": account,
            "friendly_name": "muster_page",
            "language": self.language,
            "variables": dict(self.samples),
            "types": {kind: types},
            "url": f"https://content.twilio.com/v1/Content/{self.sid}",
            "links": {"approval_fetch": f"https://content.twilio.com/v1/Content/{self.sid}/ApprovalRequests"},
        }

    @property
    def kind(self) -> str:
        """Twilio's name for what the template is."""
        return "twilio/quick-reply" if self.buttons else "twilio/text"

    def approval(self, account: str) -> dict[str, Any]:
        """What WhatsApp said about it."""
        said = {"type": "whatsapp", "name": "muster_page", "category": "UTILITY", "content_type": self.kind, "status": self.status}
        url = f"https://content.twilio.com/v1/Content/{self.sid}/ApprovalRequests"
        reason = "The text reads like an advertisement" if self.status == "rejected" else ""
        return {"sid": self.sid, "account_sid": account, "whatsapp": {**said, "rejection_reason": reason}, "url": url}

    @property
    def refused(self) -> int | None:
        """The code with which WhatsApp refuses it outside a session; None when it is approved."""
        return None if self.status == "approved" else _NOT_SENT.get(self.status, 63016)


class WhatsApp:
    """The templates of the account, and who wrote to it when."""

    def __init__(self, content_sid: str) -> None:
        self.templates = {content_sid: Template(content_sid)}
        self._wrote_at: dict[str, datetime] = {}

    def opened(self, number: str, now: datetime) -> None:
        """Opens the session with a person, or keeps it open."""
        self._wrote_at[number] = now

    def is_open(self, number: str, now: datetime) -> bool:
        """Whether free text may be sent to a person."""
        wrote_at = self._wrote_at.get(number)
        return wrote_at is not None and now - wrote_at < SESSION

    def find(self, form: Mapping[str, str]) -> Template | None:
        """The template that a message asks for; raises TwilioError."""
        sid = form.get("ContentSid")
        if sid is None:
            if "ContentVariables" in form:
                raise TwilioError(21654)
            return None
        if sid not in self.templates:
            raise TwilioError(21655)
        return self.templates[sid]

    def refusal(self, number: str, template: Template | None, mixed: bool, now: datetime) -> int | None:
        """The code with which a message that was taken fails all the same; None when it goes out.

        Outside a session only an approved template goes out; a body or media beside it makes it free text.
        """
        if self.is_open(number, now):
            return None
        return 63016 if template is None or mixed else template.refused


def variables_of(form: Mapping[str, str]) -> dict[str, str]:
    """The variables of a message; raises TwilioError 21656 for what WhatsApp does not take."""
    try:
        found = json.loads(form.get("ContentVariables") or "{}")
    except ValueError as error:
        raise TwilioError(21656) from error
    fits = isinstance(found, dict) and all(isinstance(value, str) and value and not _UNFIT.search(value) for value in found.values())
    if not fits:
        raise TwilioError(21656)
    return dict(found)


def receipt_fields(number: str, status: str, error_text: str | None) -> dict[str, str]:
    """What a WhatsApp receipt says beyond one for a text."""
    more = {"EventType": status.upper(), "ChannelPrefix": "whatsapp", "ChannelInstallSid": f"XE{8:032x}"}
    if error_text is not None:
        return more | {"ChannelStatusMessage": error_text}
    return more | {"ChannelToAddress": f"{number[:5]}XXXXXXX", "StructuredMessage": "false"}


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)
