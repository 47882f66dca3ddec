"""Words that blame somebody in what a postmortem says of causes, each with a way to say it without blame (S8, J15, W10).

It suggests and never decides: what is quoted, what is code, and words that only sound alike ("failed over", "default") are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot.domain.chapters import chapters, coded, plain

_LIMIT = 20
_READ, _PARAGRAPH = 50_000, 2_000
"""Characters of a section, and of each of its paragraphs, that are read: nobody writes more about a cause than to keep us busy."""
_CAUSES = re.compile(r"\b(?:causes?|why|contribut\w+|analysis|went (?:badly|wrong))\b")
_TOLD = re.compile(r"\bwhat happened\b")
_QUOTED = re.compile(r"`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»|<!--.*?-->|https?://\S+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"])")
_WHO = (
    r"(?:he|she|they|we|i|you|who|somebody|someone|nobody|everybody|the (?:on[- ]?call|person|team|responder|operator|engineer|developer"
    r"|author|reviewer|admin(?:istrator)?|manager|colleague|intern|contractor)s?(?: \w+)?)"
)
_THEIR = r"(?:my|your|his|her|their|our|whose)"
_WHOSE = rf"(?:{_THEIR}|\w+['’]s)"
_SYSTEM = "Say what in the system, the tools or the process made it possible, and what will make it harder."
_KNOWN = "Say what was known at that moment and what made this step look right; what would have helped belongs to the actions."
_SLIP = "Say which step made the slip easy, such as a command that looks the same in production, and how it could be caught."
_NOTICED = "Say what did not show it: which alert, check or page would have made it plain, and to whom."
_ACTED = "Say what was done and what the screens showed then, without a judgement of the person."
_NAMED = "Write the role, such as “a responder”, instead of the name, and say what that role could see."

_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), suggestion)
    for pattern, suggestion in (
        (rf"\b(?:{_WHOSE}|at|the) (?:own )?fault(?= of\b|\b(?! ?-?(?:toleran|inject|domain|handl|line|code|was|is|in|occur)))", _SYSTEM),
        (r"\bat fault\b", _SYSTEM),
        (r"\b(?:to blame|blam(?:e|es|ed|ing) (?:on|for|him|her|them|us)|is guilty|guilty of|culpable)\b", _SYSTEM),
        (r"\b(?:human|operator|pilot) errors?\b", _SLIP),
        (
            rf"\b{_WHOSE} (?:own )?(?:mistake|blunder|oversight|negligence|carelessness)s?\b|\b{_THEIR} own errors?\b",
            _SLIP,
        ),
        (r"\b(?:made|making) (?:a|an|the|this) (?:\w+ )?(?:mistake|blunder)\b", _SLIP),
        (r"\b(?:should|ought to)(?: not|n['’]t|n’t)?(?: \w+ly)?(?: have|['’]ve)\b", _KNOWN),
        (rf"\b{_WHO} could(?: easily| simply)? have\b", _KNOWN),
        (
            r"\bcareless(?:ly|ness)?\b|\bnegligen(?:t|tly|ce)\b|\breckless(?:ly|ness)?\b|\bsloppy\b|\bsloppi\w+\b|\bincompeten(?:t|ce)\b",
            _ACTED,
        ),
        (r"\birresponsib(?:le|ly)\b|\bstupid(?:ly|ity)?\b|\bfoolish(?:ly)?\b|\binattentive(?:ly)?\b|\bthoughtless(?:ly)?\b", _ACTED),
        (r"\b(?:too|was|were|being) lazy\b|\b(?:did not|didn['’]t) bother\b", _ACTED),
        (r"\bnot paying attention\b|\black of (?:care|discipline|attention)\b", _ACTED),
        (
            r"\bfailed to (?:notice|realis|realiz|remember|understand|consider|think|pay|tell|inform|communicate|follow|double-check)\w*",
            _NOTICED,
        ),
        (rf"\b{_WHO} (?:\w+ly )?failed to \w+", _NOTICED),
        (rf"\b{_WHO} (?:\w+ly )?(?:ignored|overlooked|neglected|missed) \w+", _NOTICED),
        (
            r"\b(?:did not|didn['’]t|never) follow(?:ed)? (?:the |a |our )?(?:procedure|process|runbook|rule|checklist|instruction)s?\b",
            _SLIP,
        ),
        (r"\bforgot to\b|\bforgot (?:the|a|an|about)\b|\bneglected to\b", _SLIP),
        (rf"\b{_WHO} (?:forgot(?! pass)|mistakenly \w+|wrongly \w+)\b", _SLIP),
    )
)
_ALSO_WORDS = frozenset(
    word.casefold()
    for word in (
        *(
            "April",
            "Art",
            "August",
            "Bill",
            "Chase",
            "Chip",
            "Dawn",
            "Dean",
            "Drew",
            "Faith",
            "Frank",
            "Gene",
            "Grace",
            "Grant",
            "Guy",
            "Hope",
        ),
        *(
            "Iris",
            "Jack",
            "Joy",
            "June",
            "Lane",
            "Mark",
            "Max",
            "May",
            "Miles",
            "Norm",
            "Olive",
            "Page",
            "Pat",
            "Ray",
            "Reed",
            "Rich",
            "Rob",
        ),
        *("Robin", "Rose", "Ruby", "Sandy", "Sky", "Sue", "Summer", "Ward", "Will"),
    )
)
"""First names that are ordinary words, or nearly: alone they are no name."""


_SYSTEMS = re.compile(
    r"\b(?:alert|alarm|breaker|cache|canary|check|client|cluster|database|job|monitor|node|page|pager|pipeline|probe|proxy|query|queue|replica"
    r"|retry|script|server|service|system|test|threshold|timeout|timer|worker)s?\s+$",
    re.IGNORECASE,
)
"""What may be said to have failed without anybody being blamed: it stands right before the words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Words that may blame somebody: where, which, and how it can be said without."""

    section: str
    words: str
    sentence: str
    suggestion: str


def findings(markdown: str, names: Collection[str] = ()) -> tuple[Finding, ...]:
    """What may blame somebody in the sections about causes, at most twenty; ``names`` are those of the people who took part.

    Names are looked for where causes are told, not where it is told what happened.
    """
    named = _names(names)
    found: dict[tuple[str, str], Finding] = {}
    for chapter in chapters(markdown):
        title = plain(chapter.title)
        causes = _CAUSES.search(title) is not None
        if causes or _TOLD.search(title):
            for sentence in _sentences(chapter.text):
                for finding in _in_sentence(chapter.title.strip(), sentence, named if causes else None):
                    found.setdefault((finding.sentence, finding.words), finding)
    return tuple(found.values())[:_LIMIT]


def _in_sentence(section: str, sentence: str, named: re.Pattern[str] | None) -> Iterator[Finding]:
    taken: list[range] = []
    patterns = [*_WORDS, *([(named, _NAMED)] if named is not None else [])]
    for pattern, suggestion in patterns:
        for match in pattern.finditer(sentence):
            inside = suggestion is not _NAMED and any(match.start() in other or other.start in range(*match.span()) for other in taken)
            of_system = suggestion in (_KNOWN, _NOTICED) and _SYSTEMS.search(sentence[: match.start()]) is not None
            if not inside and not of_system:
                taken.append(range(*match.span()))
                yield Finding(section, match[0].strip(), sentence[:300], suggestion)


def _sentences(text: str) -> Iterator[str]:
    """The sentences of prose, without quotes and code."""
    prose = [line for line, code in coded(text[:_READ].split("\n")) if not code and not line.lstrip().startswith((">", "    ", "\t"))]
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)])\s)", "\n".join(prose)):
        bare = _QUOTED.sub("…", " ".join(paragraph.split())[:_PARAGRAPH])
        yield from (sentence.strip(" -*+") for sentence in _SENTENCE.split(bare) if sentence.strip(" -*+"))


def _names(names: Collection[str]) -> re.Pattern[str] | None:
    """What finds the people, by whole names and by first names that are no ordinary words, and whoever is called by an @."""
    known: set[str] = set()
    for name in names:
        words = name.split()
        known.add(" ".join(words))
        if words and len(words[0]) > 2:
            known.add(words[0])
    alone = sorted((name for name in known if name and name.casefold() not in _ALSO_WORDS), key=len, reverse=True)
    listed = "|".join(re.escape(name) for name in alone)
    called = r"(?<![\w@.])@[A-Za-z][\w.-]+|<@[UW][A-Z0-9]+>"
    return re.compile(rf"\b(?:{listed})\b|{called}" if listed else called)
