"""What stands against resolving an incident now, and the words by which a person resolves it (J11, O12, W10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.closing import CheckState
from bot.domain.situation import Situation
from bot.domain.status import Status
from bot.errors import InvalidTransition, Malformed

_REFUSING = frozenset({"no", "n", "not yet", "nope", "false", "0"})
_MAJOR: Mapping[str, bool] = {"major": True, "minor": False}


class Want(StrEnum):
    """What can be missing; the value is the stable code of the API."""

    ALERTS = "alerts"
    CHECK = "check"
    QUIET = "quiet"
    QUESTION = "question"
    HOLDER = "holder"
    MAJOR = "major"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that is missing: ``about`` names the check, question or role, ``until`` when it will be so by itself."""

    want: Want
    about: str = ""
    state: CheckState | None = None
    until: datetime | None = None

    @property
    def overridable(self) -> bool:
        """Whether a reason can take its place: nobody can be somebody else, and what is asked can be answered."""
        return self.want not in (Want.HOLDER, Want.MAJOR)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants to resolve: what ended it, the answers by question, why although it is not verified, whether it was major."""

    text: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    override: str | None = None
    major: bool | None = None


class NotVerified(InvalidTransition):
    """The policy wants more before the end; ``reasons`` hold each of them with its code, ``obstacles`` as they were found."""

    code = "not_verified"

    def __init__(self, message: str, found: Sequence[Obstacle], reasons: Sequence[Mapping[str, str]], *, where: str | None = None) -> None:
        super().__init__(message, where=where)
        self.obstacles = found
        self.reasons = reasons


def split_major(text: str) -> tuple[bool | None, str]:
    """``minor a typo`` as what it says of the incident and the rest; None when the first word says nothing."""
    first, _, rest = text.strip().partition(" ")
    said = _MAJOR.get(first.casefold().rstrip(":,"))
    return (None, text) if said is None else (said, rest.strip(" :,"))


def read_answers(questions: tuple[str, ...], given: Mapping[str, str]) -> dict[str, str]:
    """The answers by the policy's own words; a question may be named by its number. Raises Malformed for one that is not asked."""
    known = {question.casefold(): question for question in questions}
    known |= {str(number): question for number, question in enumerate(questions, 1)}
    answers = {}
    for name, answer in given.items():
        question = known.get(name.strip().casefold())
        if question is None:
            asked = " ".join(f"{number}. {question}" for number, question in enumerate(questions, 1)) or "none."
            raise Malformed(f"answers: nobody asks {name[:80]!r}. The questions of this incident: {asked}")
        if answer.strip():
            answers[question] = answer.strip()
    return answers


def affirms(answer: str | None) -> bool:
    """Whether something was answered, and it is not a bare no."""
    return bool(answer) and str(answer).strip(" .!").casefold() not in _REFUSING


def obstacles(s: Situation, person_id: str | None = None, answers: Mapping[str, str] | None = None) -> list[Obstacle]:
    """Everything that is missing at ``s.now``, in the order in which people can see to it; nothing when it may be resolved.

    Without ``answers`` the questions are left out, and who may resolve with them: that is what time and monitors can bring by themselves.
    """
    rules, found = s.closing.rules, []
    if rules is not None and rules.alerts and s.counts.total > s.counts.recovered:
        found.append(Obstacle(Want.ALERTS))
    found += [Obstacle(Want.CHECK, check.title, check.state) for check in s.closing.checks if check.state is not CheckState.GREEN]
    if rules is not None and rules.quiet is not None and not _quiet(s):
        found.append(Obstacle(Want.QUIET, until=s.closing.quiet_until if s.incident.status is Status.MONITORING else None))
    return found if answers is None else found + _of_people(s, person_id, answers)


def _quiet(s: Situation) -> bool:
    until = s.closing.quiet_until
    return s.incident.status is Status.MONITORING and until is not None and until <= s.now


def _of_people(s: Situation, person_id: str | None, answers: Mapping[str, str]) -> list[Obstacle]:
    rules = s.closing.rules
    found = []
    if rules is not None:
        standing = {one.question: one.answer for one in s.closing.confirmations} | dict(answers)
        found += [Obstacle(Want.QUESTION, question) for question in rules.questions if not affirms(standing.get(question))]
        if rules.by is not None and s.holder(rules.by) != person_id:
            found.append(Obstacle(Want.HOLDER, rules.by.value))
    if s.severity.major_only and s.incident.major is None:
        found.append(Obstacle(Want.MAJOR))
    return found
