"""What a page says by each road; the address is the page's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.incidents import Incident
from bot.domain.pages import Page
from bot.domain.severity import Road
from bot.messages import sms


def words(incident: Incident, page: Page) -> Mapping[str, Any]:
    """The words of the page's message, frozen when it is queued."""
    body = sms.page(incident.reference, page.code, incident.severity, incident.title)
    return {"to": page.address, "body": body}


_ROADS = {Road.SMS: words}
