"""What a call says, as the XML that the phone network speaks; no address of an alert is read out (B4).

Only the keys answer: a call that is picked up, by a person or a machine, acknowledges nothing.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from bot.messages import sms

TITLE_LIMIT = 200
KEY_SECONDS = 8
"""How long a call listens for a key after it has said everything."""
KEYS = "Press 1 to acknowledge. Press 2 to escalate."
_TIMES = 2
_REFERENCE = re.compile(r"\bINC-(\d+)\b", re.IGNORECASE)
_UNSPOKEN = re.compile(r"[^\w\s.,:;?!'%&+/-]|_")
_HYPHENS = re.compile(r"(?<!\w)-+|-+(?!\w)")


def speakable(text: str) -> str:
    """The text as a voice can read it: no brackets and signs, ``INC-42`` as ``incident 42``."""
    named = _REFERENCE.sub(r"incident \1", sms.gsm(text).replace("(.)", " dot "))
    return " ".join(_HYPHENS.sub(" ", _UNSPOKEN.sub(" ", named)).split())


def page(reference: str, severity: str, title: str) -> str:
    """What the call is about, in plain words: severity, reference, title."""
    what = speakable(sms.words(title, TITLE_LIMIT)).rstrip(". ")
    return f"{speakable(sms.words(severity, 20))}. {speakable(reference).capitalize()}. {what or 'See Slack'}."


def ask(words: str, action: str) -> str:
    """Says the words and the keys, twice, and posts the key that is pressed, or that none was, to ``action``."""
    response = Element("Response")
    options = {"input": "dtmf", "numDigits": "1", "timeout": str(KEY_SECONDS), "actionOnEmptyResult": "true"}
    _say(SubElement(response, "Gather", {**options, "action": action, "method": "POST"}), f"{words} {KEYS}")
    return _xml(response)


def tell(words: str) -> str:
    """Says the words once and hangs up."""
    response = Element("Response")
    _say(response, words, 1)
    SubElement(response, "Hangup")
    return _xml(response)


def without_keys(words: str) -> str:
    """Says the words twice where no key could reach us, and how to answer instead."""
    response = Element("Response")
    _say(response, f"{words} This call takes no keys. To acknowledge, reply by SMS with the word: ack. Or answer in Slack.")
    return _xml(response)


def hang_up() -> str:
    """Says nothing: a machine is listening."""
    response = Element("Response")
    SubElement(response, "Hangup")
    return _xml(response)


def _say(parent: Element, words: str, times: int = _TIMES) -> None:
    for turn in range(times):
        if turn:
            SubElement(parent, "Pause", {"length": "1"})
        SubElement(parent, "Say").text = words


def _xml(response: Element) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>{tostring(response, encoding="unicode")}'


def again(words: str, *, pressed: bool) -> str:
    """The question asked once more, after a key that means nothing or none at all."""
    return f"{'That key means nothing here.' if pressed else 'No key was pressed.'} {words}"


def goodbye() -> str:
    """The end of a call in which no key was understood: nothing was acknowledged."""
    return "No key was understood. Nothing is acknowledged, and the ringing goes on. Goodbye."


def ended() -> str:
    """The end of a call about a page that waits for nothing any more and whose incident is not known."""
    return "This call is not waiting for an answer any more. Goodbye."
