"""What a page says by each road; the address is the page's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.incidents import Incident
from bot.domain.pages import Page
from bot.domain.severity import Road
from bot.messages import mail, sms, voice


def words(incident: Incident, page: Page, *, linked: bool) -> Mapping[str, Any]:
    """The words of the page's message, frozen when it is queued; where mails are ``linked``, their link is bound when sent."""
    reference, severity, title = incident.reference, incident.severity, incident.title
    if page.road == Road.EMAIL:
        link = mail.LINK if linked else None
        return {"to": page.address, **mail.page(reference, page.code, severity, title, link)._asdict()}
    if page.road == Road.VOICE:
        return {"to": page.address, "page_id": page.id, "say": voice.page(reference, severity, title)}
    if page.road == Road.WHATSAPP:
        body, variables = sms.whatsapp(reference, page.code, severity, title)
        return {"to": page.address, "body": body, "variables": variables}
    return {"to": page.address, "body": sms.page(reference, page.code, severity, title)}
