"""TwiML as Twilio reads it: a document becomes the list of its verbs, or the code of what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

VOICE = frozenset(["Say", "Play", "Pause", "Gather", "Hangup", "Redirect", "Reject"])
MESSAGING = frozenset(["Message", "Redirect"])
_NESTED = frozenset(["Say", "Play", "Pause"])


class TwimlError(Exception):
    """A document that Twilio cannot carry out: 12100 is not XML, 12200 not TwiML."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


@dataclass(frozen=True)
class Verb:
    """One step of a document; ``within`` holds what a Gather says while it waits."""

    name: str
    text: str
    options: Mapping[str, str]
    within: tuple[Verb, ...] = ()


def read(document: str, allowed: frozenset[str] = VOICE) -> list[Verb]:
    """The verbs of a document in order; raises TwimlError."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - as above
    except ElementTree.ParseError as error:
        raise TwimlError(12100, f"the document is not well-formed XML ({error})") from error
    if root.tag != "Response":
        raise TwimlError(12100, f"the document has to start with <Response>, not <{root.tag}>")
    if (root.text or "").strip():
        raise TwimlError(12200, "there is text between the verbs")
    return [_verb(element, allowed) for element in root]


def _verb(element: ElementTree.Element, allowed: frozenset[str]) -> Verb:
    if element.tag not in allowed:
        raise TwimlError(12200, f"<{element.tag}> is not allowed here; expected one of {', '.join(sorted(allowed))}")
    within: tuple[Verb, ...] = ()
    if element.tag == "Gather":
        within = tuple(_verb(child, _NESTED) for child in element)
    return Verb(element.tag, " ".join("".join(element.itertext()).split()) if not within else "", dict(element.attrib), within)
