"""Words for phones: GSM-7, at most two segments, reference and code first, no address of an alert (B4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from bot.domain.policy import Zone
from bot.messages import times
from bot.messages.texts import one_line

LIMIT = 306
"""Septets of two joined segments."""
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
_NAMED = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2013\u2014\u2212\u2022\u00b7", "-"),
        "\u2190": "<-",
        "\u2192": "->",
        "\u00d7": "x",
        "\u00f7": "/",
        "\u00b0": " deg",
        "\u00b5": "u",
        "\u0142": "l",
        "\u0141": "L",
        "\u0111": "d",
        "\u0110": "D",
        "\u00f0": "d",
        "\u00d0": "D",
        "\u0153": "oe",
        "\u0152": "OE",
        "\u00fe": "th",
        "\u00de": "Th",
        "\u0131": "i",
        "\u1e9e": "SS",
    }
)
_ADDRESS = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{0,20}:/{1,2}|www\.|(?:tel|sms|smsto|mailto|callto|facetime):)\S*"
    r"|\b[\w-]+(?:\.[\w-]+)+[/?:]\S*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\+\d(?:[ ().-]{0,2}\d){6,}")
_DOMAIN_DOT = re.compile(r"(?<=[\w-])\.(?=[a-z])", re.IGNORECASE)
_TEXT_LIMIT = 400
_VARIABLE_LIMIT = 240


def septets(text: str) -> int:
    """How many GSM-7 septets the text takes; it holds only characters of that alphabet."""
    return sum(2 if character in _EXTENDED else 1 for character in text)


def _letter(character: str) -> str:
    if character in _BASIC or character in _EXTENDED:
        return character
    base = "".join(part for part in unicodedata.normalize("NFKD", character) if part in _BASIC or part in _EXTENDED)
    return base or ("" if unicodedata.combining(character) else "?")


def gsm(text: str) -> str:
    """The text on one line in the letters of GSM-7; a run of others becomes one ``?``."""
    composed = unicodedata.normalize("NFC", one_line(text, _TEXT_LIMIT)).translate(_NAMED)
    return re.sub(r"\?{2,}", "?", "".join(map(_letter, composed)))


def without_addresses(text: str) -> str:
    """The text without anything that a phone would make a link of."""
    return _DOMAIN_DOT.sub("(.)", _NUMBER.sub("(number)", _ADDRESS.sub("(link)", text)))


def cut(text: str, limit: int) -> str:
    """The text, or its beginning and ``...`` within ``limit`` septets."""
    if septets(text) <= limit:
        return text
    kept, left = "", limit - 3
    for character in text:
        left -= septets(character)
        if left < 0:
            break
        kept += character
    return f"{kept.rstrip()}..." if limit >= 3 else ""


def words(text: str, limit: int) -> str:
    """Words of others, for a phone; a title without one Latin letter says so."""
    shown = cut(without_addresses(gsm(text)), limit)
    return shown if any(character.isalnum() for character in shown) else "see Slack"


def page(reference: str, code: int, severity: str, title: str) -> str:
    """The page: reference, code, severity and title, and what to reply; at most two segments."""
    head, tail = f"[{reference} #{code}] ", f". Reply {code} to acknowledge, {code}E to escalate."
    label = words(severity, 20)
    left = LIMIT - septets(f"{head}{label} {tail}")
    return f"{head}{label} {words(title, left).rstrip('. ')}{tail}"


def whatsapp(reference: str, code: int, severity: str, title: str) -> tuple[str, dict[str, str]]:
    """The page for WhatsApp as a text, and as the variables of a template; neither empty nor with a line break, as templates want them.

    The template reads ``{{1}} {{2}}. Reply {{3}} to acknowledge, {{3}}E to escalate.``
    """
    label = words(severity, 20)
    what = f"{label} {words(title, _VARIABLE_LIMIT - septets(label)).rstrip('. ')}"
    return page(reference, code, severity, title), {"1": f"[{reference} #{code}]", "2": what, "3": str(code)}


def _answer(text: str) -> str:
    return cut(text, LIMIT)


def alarm(sentence: str) -> str:
    """What is wrong with the installation itself, for who answers for it."""
    return _answer(f"Muster needs you: {gsm(sentence)}")


def verification(code: str) -> str:
    """The text that proves whose number it is."""
    return f"{code} is your Muster code. Type it in Slack after /incident verify. If you did not ask for it, do nothing."


def acknowledged(reference: str) -> str:
    """The answer to a reply that acknowledged."""
    return f"{reference}: you acknowledged it and the ringing has stopped. Post an update in its channel next."


def already(reference: str, name: str, at: datetime, zones: Sequence[Zone]) -> str:
    """The answer when somebody else was first."""
    when = gsm(times.clock_time(at, zones))
    return _answer(f"{reference} was acknowledged by {words(name, 60)} at {when}. You need not do anything.")


def escalated(reference: str) -> str:
    """The answer to a reply that asked for the next level."""
    return f"{reference}: the next level of the chain is being rung now."


def ended(reference: str) -> str:
    """The answer when nothing rings for the incident any more."""
    return f"{reference} is not waiting for an answer any more. You need not do anything."


def unclear() -> str:
    """The answer to words that mean nothing here."""
    return "Not understood. Reply with the number of the page, such as 7, to acknowledge, or 7E to escalate."


def no_such_code(code: int) -> str:
    """The answer to a number that no page of this phone has."""
    return f"There is no page #{code} for this phone. Reply with the number in the message you were sent."


def nothing_live() -> str:
    """The answer to a bare ``ack`` when nothing rings for this phone."""
    return "Nothing is ringing for you now, so there is nothing to acknowledge."


def not_paged() -> str:
    """The answer to somebody who was not called out."""
    return "You were not paged, so this reply changes nothing. Use /incident in Slack instead."


def which_one(choices: Sequence[tuple[str, int]]) -> str:
    """The answer to a bare ``ack`` when several pages are alive: each with its code, as many as fit."""
    ask, listed = "Which one? Reply", ""
    for reference, code in choices:
        more = f"{listed}{',' if listed else ''} {code} for {reference}"
        if septets(f"{ask}{more}.") > LIMIT:
            break
        listed = more
    return f"{ask}{listed}."


def refused(sentence: str) -> str:
    """A refusal's sentence, fit for a phone."""
    return _answer(gsm(sentence))
