"""What monitors say in a title when a title is all they send: the exact state markers of known senders, and what stays the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.alert import AlertStatus
from bot.sources.fields import fingerprint_of

_TRIGGERED = r"(?:Triggered|Re-Triggered|Warn|Re-Warn|No data|Re-No data|Renotify)"
_FIRING = (
    r"\[FIRING:\d+(?:, ?RESOLVED:\d+)?\] ?(?P<name>.+)",
    r"\[(?:Alerting|No Data)\] (?P<name>.+)",
    r"\[ALERT(?: - [\w ]+)?\] ?(?P<name>.+)",
    r"\[(?P<name>.+?)\] \[(?:🔴 )?Down\] ?(?P<rest>.*)",
    r"(?:\[Monitor Alert\] )?\[?" + _TRIGGERED + r"(?P<name>(?: on \{.*?\})?[\]:] .+)",
    r"ALARM: (?P<name>\".+\" in .+)",
    r"Problem: (?P<name>.+)",
    r"\*\* PROBLEM (?P<name>(?:Service |Host )?Alert: .+?) is (?P<rest>CRITICAL|WARNING|UNKNOWN|DOWN|UNREACHABLE) \*\*",
    r"\[PROBLEM\] (?P<name>.+) is (?P<rest>CRITICAL|WARNING|UNKNOWN|DOWN)!",
    r"Monitor is DOWN: (?P<name>.+)",
    r"DOWN \| (?P<name>.+)",
    r"The check \W?\"(?P<name>.+)\" is DOWN\b.*",
    r"DOWN alert: (?P<name>.+) is DOWN",
)
_RESOLVED = (
    r"\[RESOLVED(?::\d+| - [\w ]+)?\] ?(?P<name>.+)",
    r"\[OK\] (?P<name>.+)",
    r"\[(?P<name>.+?)\] \[(?:✅ )?Up\] ?(?P<rest>.*)",
    r"(?:\[Monitor Alert\] )?\[?Recovered(?P<name>(?: on \{.*?\})?[\]:] .+)",
    r"OK: (?P<name>\".+\" in .+)",
    r"Resolved(?: in [\w ]+:|:(?! \d+(?:\s*[,;|/]|\s+[Ff]iring|\s*$))) (?P<name>.+)",
    r"\*\* RECOVERY (?P<name>(?:Service |Host )?Alert: .+?) is (?P<rest>OK|UP) \*\*",
    r"\[RECOVERY\] (?P<name>.+) is (?P<rest>OK|UP)!",
    r"Monitor is UP: (?P<name>.+)",
    r"UP \| (?P<name>.+)",
    r"The check \W?\"(?P<name>.+)\" is UP\b.*",
    r"UP alert: (?P<name>.+) is UP",
)
_MARKERS = tuple(
    (re.compile(pattern), status)
    for patterns, status in ((_FIRING, AlertStatus.FIRING), (_RESOLVED, AlertStatus.RESOLVED))
    for pattern in patterns
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?|\b\d{1,2}:\d\d(?::\d\d)?\b")
_UNITS = r"ms|s|m|h|d|secs?|seconds?|mins?|minutes?|hours?|days?|kb|mb|gb|tb|kib|mib|gib"
_AMOUNT = re.compile(rf"(?<![\w.-])\d+(?:[.,]\d+)*\s?(?:%|(?:{_UNITS})\b)")
_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Title:
    """A title without its state marker; ``status`` is None when no known sender marks titles like that."""

    text: str
    status: AlertStatus | None
    key: str


def read_title(line: str) -> Title:
    """What a title says: the state where a known sender's marker stands at its beginning, and a key that is the same in every state."""
    line = " ".join(line[:_LOOKED_AT].split())
    for marker, status in _MARKERS:
        if found := marker.fullmatch(line):
            name, rest = found["name"].strip(" :]").replace("}] ", "}: ") or line, found.groupdict().get("rest") or ""
            return Title(f"{name}: {rest}" if rest else name, status, _key(name))
    return Title(line, None, _key(line))


def _key(name: str) -> str:
    """The same for titles that differ only in moments, percentages, durations and sizes: a repeat of 93 % is not another problem."""
    return fingerprint_of(_AMOUNT.sub("#", _MOMENT.sub("#", name.casefold())))
