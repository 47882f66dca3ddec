"""Inbound mail as a mail service posts it, and a person's report by form: Mailgun, SendGrid, Postmark, Amazon SES, CloudMailin, Brevo,
SparkPost, Mandrill, Grafana OnCall, or any body that says subject, text and sender under a usual name.

Only the markers of known monitors in a subject (``bot.sources.titles``) end an alert; what people write fires.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from collections.abc import Iterator, Mapping
from email import message_from_string
from email.utils import parseaddr
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, link_of, text_of, title_of, word_of
from bot.sources.labels import canonical
from bot.sources.nested import parsed
from bot.sources.readings import each
from bot.sources.source import Delivery, Form, Source, is_secret
from bot.sources.titles import read_title

_SUBJECT = ("subject", "headers.subject", "headers[subject]", "content.subject", "mail.commonHeaders.subject", "title", "summary")
_BODY = (
    *("stripped-text", "StrippedTextReply", "reply_plain", "ExtractedMarkdownMessage", "body-plain", "TextBody", "RawTextBody", "plain"),
    *("content.text", "text", "message", "body", "description", "details", "content", "html", "HtmlBody", "RawHtmlBody", "content.html"),
    *("body-html", "text-part", "html-part", "body.text", "body.plain", "body.html", "text_body", "html_body"),
)
_RAW = ("email", "body-mime", "raw", "raw_email")
"""Names of a whole mail as it travelled, which some services send in place of its text."""
_SENDER = (
    *("from", "From", "sender", "FromFull.Email", "From.Address", "friendly_from", "from_email", "envelope.from", "envelope[from]"),
    *("from.email", "from.address", "from.text", "from.value.0.address", "from.0.email", "from.0.address"),
    *("mail.commonHeaders.from.0", "mail.source", "reporter", "email", "name"),
)
_IDENTITY = (
    "Message-Id",
    "message-id",
    "MessageID",
    "MessageId",
    "headers.message_id",
    "headers[message_id]",
    "mail.messageId",
    "message_id",
)
_LABELS = ("severity", "priority", "service", "environment", "env", "system")
_LISTS = ("items", "mandrill_events", "events")
_REPORTS = (
    *("bounce", "bounced", "delivery", "delivered", "deliverydelay", "delivery_delayed", "deferred", "dropped", "processed", "scheduled"),
    *("complaint", "complained", "spamcomplaint", "open", "opened", "click", "clicked", "send", "sent", "reject", "rejected", "failed"),
    *("rendering failure", "suppressed", "subscription", "subscriptionchange", "unsubscribe", "unsubscribed"),
)
"""What a mail service reports of the mails that it sent; no other word makes a body such a report."""
_REPLIES = re.compile(r"(?:(?:re|fwd?|aw|wg|tr|sv)(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_ABSENT = re.compile(r"(?:automatic reply|auto(?:matic)?[- ]?reply|out of (?:the )?office|abwesenheit\w*)\b", re.IGNORECASE)
_FRESH_SECONDS = 3600
_SENDER_LIMIT, _RAW_LIMIT = 320, 100_000
"""Characters that are taken apart: strangers write them, and what takes addresses and mails apart was not made for much of either."""
_SILENT = re.compile(r"<(/?)(?:script|style)\b[^<>]*>", re.IGNORECASE)
_BREAK = re.compile(r"</?(?:p|div|br|tr|li|table|h[1-6]|blockquote)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def read(delivery: Delivery) -> Reading:
    """One alert for each mail; automatic replies are ignored. Raises Malformed when there is no mail in the body."""
    if at(delivery.payload, "Type") == "SubscriptionConfirmation":
        return Reading(ignored=("SNS asks to confirm a subscription: confirm it in the console of Amazon, with the SubscribeURL it sent.",))
    mails = list(_mails(delivery.payload))
    if not mails:
        raise Malformed("The body holds no mail: expected a subject or a text, in the way of a mail service or as fields of a form.")
    kept = [mail for mail in mails if not _no_alert(mail)]
    ignored = tuple(f"{why}: {title_of(_said(mail, _SUBJECT))}" for mail in mails if (why := _no_alert(mail)))
    return Reading(
        alerts=tuple(each(delivery.source, kept, "mails", lambda mail, place: _alert(delivery.source, mail, place))), ignored=ignored
    )


def _mails(payload: Any, deep: int = 3) -> Iterator[Mapping[str, Any]]:
    """The mails in a body, out of the lists, events and envelopes that services put them into."""
    if isinstance(payload, list):
        for entry in payload[:1000]:
            yield from _mails(entry, deep)
    if not isinstance(payload, Mapping):
        return
    if _report(payload):
        yield payload
        return
    inside = [payload.get("Message")] if payload.get("Type") == "Notification" else []
    inside += [] if _said(payload, _SUBJECT) else _enveloped(payload)
    found = [value for value in map(parsed, inside) if isinstance(value, list | Mapping)]
    for value in found if deep else ():
        yield from _mails(value, deep - 1)
    if not found and (_said(payload, _SUBJECT) or _said(payload, _BODY)):
        yield payload


def _enveloped(payload: Mapping[str, Any]) -> list[Any]:
    """Where the mails may stand in an envelope, which has no subject of its own."""
    data = payload.get("data")
    inside = [payload[name] for name in _LISTS if name in payload] + [at(payload, "msys", "relay_message"), at(payload, "msg")]
    return inside + ([data] if isinstance(data, Mapping) and _said(data, _SUBJECT) else [])


def _said(mail: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of the names under which a mail says something; a name also means a path, whatever the case of its first step."""
    plain = {text_of(name).casefold(): value for name, value in mail.items()}
    found = (plain.get(name.casefold(), at(plain, *_path(name))) for name in names)
    return next((text for value in found if isinstance(value, str | int | float) and (text := text_of(value, 50_000))), "")


def _path(name: str) -> tuple[str | int, ...]:
    first, *rest = name.split(".")
    return (first.casefold(), *(int(step) if step.isdecimal() else step for step in rest))


def _alert(source: str, mail: Mapping[str, Any], place: str) -> Alert:
    text = _text(mail)
    subject = _REPLIES.sub("", _said(mail, _SUBJECT)).strip()
    if not subject and not text:
        raise Malformed(f"{place}: expected a subject or a text.")
    title, sender = read_title(title_of(subject, *text.strip().splitlines()[:1])), parseaddr(_said(mail, _SENDER)[:_SENDER_LIMIT])
    address = sender[1].casefold() if "@" in sender[1] else ""
    labels = {name: _said(mail, (name,)) for name in _LABELS}
    return Alert(
        source=source,
        fingerprint=fingerprint_of(address, title.key),
        status=title.status or AlertStatus.FIRING,
        title=title_of(title.text),
        starts_at=None,
        labels=canonical(labels | {"sender": address or _said(mail, _SENDER)[:200]}),
        annotations=filled(description=text, reporter=sender[0] or address),
        url=link_of(_said(mail, ("url", "link"))),
    )


def _text(mail: Mapping[str, Any]) -> str:
    """A mail's text: plain where it has it, else its HTML without tags, else out of the raw mail."""
    content = mail.get("content")
    if isinstance(content, str) and isinstance(mail.get("mail"), Mapping):
        return _plain(_raw(content))
    raw = _said(mail, _RAW)
    return _plain(_said(mail, _BODY)) or (_plain(_raw(raw)) if "\n" in raw else "")


def _raw(mail: str) -> str:
    """The text of a mail as it travelled; nothing where strangers put it together so that it cannot be taken apart."""
    try:
        parts = [part for part in message_from_string(mail[:_RAW_LIMIT]).walk() if part.get_content_maintype() == "text"]
        parts.sort(key=lambda part: part.get_content_subtype() != "plain")
        content = parts[0].get_payload(decode=True) if parts else b""
    except (RecursionError, ValueError, LookupError):
        return ""
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _plain(text: str) -> str:
    """A text without HTML, when it is HTML."""
    if not re.search(r"<(?:html|body|div|p|br|table|span)\b", text, re.IGNORECASE):
        return text
    first, *rest = _SILENT.split(text)
    seen = first + "".join(part for mark, part in zip(rest[::2], rest[1::2], strict=True) if mark)
    lines = (" ".join(line.split()) for line in html.unescape(_TAG.sub("", _BREAK.sub("\n", seen))).splitlines())
    return "\n".join(line for line in lines if line)


def _listed(mail: Mapping[str, Any], header: str) -> str:
    """A header of a mail whose service lists them: as objects, as pairs, by their names, or as the lines that they were."""
    plain = {text_of(name).casefold(): value for name, value in mail.items()}
    lists = [parsed(plain.get("headers")), parsed(plain.get("message-headers")), at(mail, "mail", "headers")]
    lines = [line.split(":", 1) for text in lists if isinstance(text, str) for line in text[:_RAW_LIMIT].splitlines()]
    objects = [list(pair) for named in lists if isinstance(named, Mapping) for pair in named.items()]
    entries = [entry for entries in lists if isinstance(entries, list) for entry in entries[:200]] + objects + lines
    named = (
        (at(entry, "Name") or at(entry, "name") or at(entry, 0), at(entry, "Value") or at(entry, "value") or at(entry, 1))
        for entry in entries
    )
    return next((text_of(value) for name, value in named if word_of(name) == header), "")


def _no_alert(mail: Mapping[str, Any]) -> str:
    """Why a mail is no alert, in a few words; nothing when it is one."""
    if report := _report(mail):
        return f"A mail service reports {report} of a mail that it sent; none arrived"
    return "An automatic reply is no alert" if _is_automatic(mail) else ""


def _report(payload: Mapping[str, Any]) -> str:
    """What a mail service reports of a mail that it sent, such as a bounce; nothing for a mail that arrived."""
    kind = word_of(payload.get("type"))
    sent = payload.get("notificationType") or payload.get("eventType") if isinstance(payload.get("mail"), Mapping) else None
    words = (word_of(payload.get("RecordType")), word_of(sent), kind.removeprefix("email.") if kind.startswith("email.") else "")
    return next((word for word in words if word in _REPORTS), "")


def _is_automatic(mail: Mapping[str, Any]) -> bool:
    """Whether a machine answers for somebody who is away: it says so in a header, or in the usual words at the subject's beginning."""
    header = _said(mail, ("auto-submitted", "headers.auto_submitted", "headers[auto_submitted]")) or _listed(mail, "auto-submitted")
    return header.casefold().startswith("auto-replied") or _ABSENT.match(_said(mail, _SUBJECT)) is not None


def verify(secret: bytes, delivery: Delivery) -> bool:
    """Whether a form's hidden field ``secret`` is it, or Mailgun signed timestamp and token with it, not longer ago than an hour."""
    signed = at(delivery.payload, "signature")
    fields = signed if isinstance(signed, Mapping) else delivery.payload
    stamp, token, given = (text_of(at(fields, name), 200) for name in ("timestamp", "token", "signature"))
    fresh = stamp.isdecimal() and len(stamp) <= 12 and abs(delivery.received_at.timestamp() - int(stamp)) <= _FRESH_SECONDS
    expected = hmac.new(secret, f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return is_secret(at(delivery.payload, "secret"), secret) or (bool(secret) and is_secret(given, expected.encode()) and fresh)


SOURCE = Source(
    kind=SourceKind.MAIL,
    name="Inbound mail and reports by form",
    channel=Channel.PEOPLE,
    documentation="https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/",
    setup=(
        "Let the mail service post what arrives at an address of yours to {url}/{secret} (Mailgun may sign with {secret});\n"
        "a form posts subject, message and from, where it can service, environment and severity, and secret as a hidden field."
    ),
    states={"any subject": "fires", "[RESOLVED], [OK], OK:, Resolved:, UP |": "recovers"},
    read=read,
    carried_by=(Carrier.BASIC, Carrier.BEARER, Carrier.PATH, Carrier.QUERY, Carrier.BODY),
    forms=frozenset({Form.JSON, Form.URLENCODED, Form.MULTIPART, Form.TEXT}),
    verify=verify,
    delivery_id=lambda delivery: _said(delivery.payload, _IDENTITY)[:200] or None if isinstance(delivery.payload, Mapping) else None,
    takes_arrays=True,
)
