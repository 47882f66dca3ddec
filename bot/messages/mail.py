"""Pages by e-mail and what their link opens; nothing of an alert can be followed in them, our own link alone can (B4)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from bot.messages.sms import without_addresses
from bot.messages.texts import one_line

LINK = "https://link.invalid/"
"""Stands for our own link in a mail that waits to be sent: no title can hold it, for addresses are taken out of those."""
_TITLE_LIMIT, _SUBJECT_LIMIT, _LABEL_LIMIT = 300, 200, 40
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1d1c1d;background:#f6f6f6}"
    "main{max-width:34rem;margin:12vh auto;padding:2rem;background:#fff;border:1px solid #ddd;border-radius:.5rem}"
    "h1{font-size:1.25rem;margin:0 0 .5rem}"
    "button{font:inherit;font-weight:600;padding:.75rem 1.5rem;border:0;border-radius:.375rem;background:#0b6e4f;color:#fff}"
    "button:focus-visible{outline:3px solid #1264a3;outline-offset:2px}"
)
"""The whole style of the pages; its hash stands in their content security policy."""


class PageMail(NamedTuple):
    """A page as a mail: one subject line, and the same words as text and as HTML."""

    subject: str
    text: str
    html: str


def _shown(words: str, limit: int) -> str:
    return without_addresses(one_line(words, limit)) or "see Slack"


def page(reference: str, code: int, severity: str, title: str, link: str | None) -> PageMail:
    """The page's mail; ``link`` is our own signed address, None where nobody could reach us by it."""
    label, what = _shown(severity, _LABEL_LIMIT), _shown(title, _TITLE_LIMIT)
    subject = one_line(f"[{reference} #{code}] {label} {what}", _SUBJECT_LIMIT)
    if link is None:
        how = f"To acknowledge, open the incident's channel in Slack and type: /incident ack {reference}"
        answer = f"<p>{escape(how)}</p>"
    else:
        how = f"To acknowledge, open this link and press the button:\n{link}\nIt works for 24 hours. Opening it alone acknowledges nothing."
        answer = (
            f'<p><a href="{escape(link)}">Open the page to acknowledge</a></p>'
            "<p>The link works for 24 hours. Opening it alone acknowledges nothing.</p>"
        )
    head = f"{label} {what}"
    text = f"You are being paged for {reference}.\n\n{head}\n\n{how}\n"
    html = f"<p>You are being paged for {escape(reference)}.</p><p><strong>{escape(head)}</strong></p>{answer}"
    return PageMail(subject, text, f'<!doctype html><html lang="en"><meta charset="utf-8"><body>{html}</body></html>\n')


def with_link(words: Mapping[str, Any], link: str) -> Mapping[str, Any]:
    """A page's words with the link that was made when it is sent; others stay as they are."""
    if LINK not in words["text"]:
        return words
    return {**words, "text": words["text"].replace(LINK, link), "html": words["html"].replace(LINK, escape(link))}


def alarm(sentence: str) -> PageMail:
    """What is wrong with the installation itself, for who answers for it."""
    words = one_line(sentence, _TITLE_LIMIT)
    html = f'<!doctype html><html lang="en"><meta charset="utf-8"><body><p>{escape(words)}</p></body></html>\n'
    return PageMail("Muster needs you", f"{words}\n", html)


def ask(reference: str, severity: str, title: str) -> str:
    """What the link opens: what is broken, and the button that acknowledges."""
    label, what = _shown(severity, _LABEL_LIMIT), _shown(title, _TITLE_LIMIT)
    return _document(
        f"{reference} waits for you",
        f"<h1>{escape(reference)} waits for you</h1><p><strong>{escape(label)}</strong> {escape(what)}</p>"
        '<form method="post"><button type="submit">Acknowledge</button></form>',
    )


def tell(heading: str, sentence: str) -> str:
    """A page with one sentence and nothing to press."""
    return _document(heading, f"<h1>{escape(heading)}</h1><p>{escape(sentence)}</p>")


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex, nofollow">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )
