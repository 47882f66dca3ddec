"""Slack-compatible incoming webhook, for whatever can talk to Slack alone: text, attachments and blocks, as JSON or in ``payload=``.

A message carries no state, so only the markers of known senders end an alert (``bot.sources.titles``); everything else fires.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.sources.fields import address_of, at, filled, fingerprint_of, link_of, object_of, text_of, title_of
from bot.sources.labels import canonical, pairs_of
from bot.sources.nested import parse
from bot.sources.readings import unreadable
from bot.sources.source import Answer, Delivery, Form, Source
from bot.sources.titles import Title, read_title

_LINK = re.compile(r"<(https?://[^|>\s]+)(?:\|([^>]*))?>")
_DECORATED = re.compile(r"^(?::[\w+-]+:|[*_~`\s]|[\U0001F300-\U0001FAFF\u2600-\u27BF\uFE0F])+(?=\S)")
_LINE = re.compile(r"^[ \t•*_-]{0,8}(\w{1,30})[*_]{0,2}:[*_]{0,2}[ \t]?`?([^`*\n]{1,200})", re.MULTILINE)
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_MENTION = re.compile(r"<[!@#][^>]*>")
_SHORT = ("severity", "priority", "service", "environment", "env", "host", "instance", "cluster", "region", "route", "release")
_EMPTY = "The message holds no text: expected text, attachments or blocks that say something."


def read(delivery: Delivery) -> Reading:
    """The alert that a message is; one without a word in it is unreadable."""
    message = _message(object_of(delivery.payload, "the body"))
    texts = [text for text in map(plain, _texts(message)) if text]
    if not texts:
        return Reading(alerts=(unreadable(delivery.source, "body", _EMPTY, message),))
    return Reading(alerts=(_alert(delivery.source, message, texts),))


def _message(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message itself, out of the form field or the event that it may come in."""
    inner = payload.get("payload")
    if isinstance(inner, str):
        return object_of(parse(inner, "payload"), "payload")
    edited = at(payload, "event", "message") or payload.get("message")
    return edited if isinstance(edited, Mapping) else payload


def _alert(source: str, message: Mapping[str, Any], texts: list[str]) -> Alert:
    title = _title(texts)
    fields = dict(_LINE.findall("\n".join(texts))) | _fields(message)
    labels = {name.casefold(): _without_secrets(value.strip()) for name, value in fields.items() if name.casefold() in _SHORT}
    sender = text_of(message.get("username"), 100)
    return Alert(
        source=source,
        fingerprint=fingerprint_of(sender, title.key),
        status=title.status or AlertStatus.FIRING,
        title=title_of(title.text),
        starts_at=None,
        labels=canonical(labels | {"sender": sender}),
        annotations=filled(description="\n".join(dict.fromkeys(texts)), **_links(message)),
        url=_url(message),
    )


def _without_secrets(value: str) -> str:
    """A label's value whose addresses lost user, password and query, where secrets stand."""
    return _ADDRESS.sub(lambda found: address_of(found[0]), value)


def _title(texts: list[str]) -> Title:
    """The first line that a known sender marked, or else the first line."""
    lines = [read_title(_undecorated(next(iter(text.splitlines()), ""))) for text in texts]
    return next((line for line in lines if line.status is not None), lines[0])


def _undecorated(line: str) -> str:
    """A line without the emphasis around it and the emoji before it; itself where nothing else is in it."""
    bare = _DECORATED.sub("", line)
    return bare.strip("*_~` ") if bare != line and bare.strip("*_~` ") else line


def plain(text: str) -> str:
    """A text of Slack without its markup: links by their label, nobody mentioned."""
    return html.unescape(_MENTION.sub("", _LINK.sub(lambda link: link[2] or link[1], text_of(text)))).strip()


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    """Every text of a message, what would make the best title first."""
    yield text_of(message.get("text"))
    yield from _blocks(message.get("blocks"))
    for attachment in _objects(message.get("attachments")):
        yield from (text_of(attachment.get(name)) for name in ("title", "pretext", "text"))
        yield from _blocks(attachment.get("blocks"))
        yield text_of(attachment.get("fallback"))
        yield from (f"{name}: {value}" for name, value in pairs_of(attachment.get("fields"), "title", "value").items())


def _blocks(blocks: Any) -> Iterator[str]:
    for block in _objects(blocks):
        yield text_of(at(block, "text", "text"))
        for part in (*_objects(block.get("fields")), *_objects(block.get("elements"))):
            yield text_of(part.get("text")) if isinstance(part.get("text"), str) else ""
        yield from _rich(block.get("elements")) if block.get("type") == "rich_text" else ()


def _rich(elements: Any) -> Iterator[str]:
    for section in _objects(elements):
        yield "".join(text for part in _objects(section.get("elements")) if isinstance(text := part.get("text"), str))


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _fields(message: Mapping[str, Any]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for attachment in _objects(message.get("attachments")):
        fields |= pairs_of(attachment.get("fields"), "title", "value")
    return fields


def _buttons(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The labels and links of the buttons, in old actions and in blocks."""
    for part in (message, *_objects(message.get("attachments"))):
        blocks = (element for block in _objects(part.get("blocks")) for element in _objects(block.get("elements")))
        for button in (*_objects(part.get("actions")), *blocks):
            label = text_of(button.get("text")) if isinstance(button.get("text"), str) else text_of(at(button, "text", "text"))
            if link := link_of(button.get("url")):
                yield label.casefold(), link


def _links(message: Mapping[str, Any]) -> dict[str, str | None]:
    buttons = list(_buttons(message))
    return {f"{word}_url": next((link for label, link in buttons if word in label), None) for word in ("runbook", "dashboard")}


def _url(message: Mapping[str, Any]) -> str | None:
    """Where the title leads, else the first link of a text or a button."""
    titles = (link_of(attachment.get("title_link")) for attachment in _objects(message.get("attachments")))
    texts = (link_of(found[1]) for text in _texts(message) if (found := _LINK.search(text)))
    return next((link for links in (titles, texts, (link for _, link in _buttons(message))) for link in links if link), None)


SOURCE = Source(
    kind=SourceKind.SLACK,
    name="Slack-compatible incoming webhook",
    channel=Channel.OTHER,
    documentation="https://api.slack.com/messaging/webhooks",
    setup=(
        "Where a tool asks for the address of a Slack incoming webhook, give it {url}/{secret};\n"
        "titles marked as Alertmanager, Grafana, Uptime Kuma, Datadog and others mark them end an alert, all else fires."
    ),
    states={"[FIRING:1], [Alerting], Triggered:, 🔴 Down, no marker": "fires", "[RESOLVED], [OK], Recovered:, ✅ Up": "recovers"},
    read=read,
    carried_by=(Carrier.PATH, Carrier.QUERY, Carrier.BEARER, Carrier.BASIC),
    forms=frozenset({Form.JSON, Form.URLENCODED, Form.MULTIPART, Form.TEXT}),
    answer=lambda _delivery, _receipt: Answer(200, "ok"),
)
