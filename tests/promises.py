"""The page of promises: each by its id, whose it is, what it says, and the tests that carry its mark."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "promises.md"
ORGANISATIONS: Mapping[str, str] = {"S": "StudioVault", "J": "Jovie", "G": "GenMe", "W": "WRK Copilot", "O": "OmniHub", "B": "Everybody"}
SAID: Mapping[str, str] = {
    "S1": "Payments, bookings and uploads are critical: their failure is a SEV1, whatever the alert calls itself",
    "S2": "A SEV1 wakes the core team by WhatsApp and SMS; a SEV2 or SEV3 sends mail and wakes nobody",
    "S5": "The response goes through Detect, Stabilize, Communicate, Resolve and Verify recovery",
    "S8": "Every SEV1 has a postmortem of five sections within 72 hours, without blame",
    "S10": "Availability against 99.0 % comes out of the incidents themselves",
    "J1": "P0, P1 and P2 with their meanings",
    "J3": "Several kinds of monitors at once are a P0 until a person says otherwise",
    "J4": "A failing request in a seeded flow during a launch is a P0",
    "J5": "The primary first; then every engineering owner at once, and whoever answers first has it",
    "J6": "A P0 is acknowledged in 5 minutes of its alert, mitigated in 15, updated every 15, written up in 24 hours",
    "J9": "Rolling back, flagging off, a hotfix and a fallback are written down as they are done",
    "J10": "The status post is to the letter, in the alerts channel, in two zones",
    "J11": "Closing needs: no longer reproducing, checks green, a quiet cycle",
    "J13": "A P1 becomes a P0 at once by rate, by flow, or by several monitors",
    "J14": "The launch gate is open only without a P0, with proven alert rules and green checks",
    "J15": "The write-up has six sections",
    "G1": "SEV0, SEV1 and SEV2 with their meanings",
    "G2": "What burns the budget calls people; what merely moved waits in the inbox",
    "G3": "Detect, Triage, Mitigate, Resolve, Verify, with scope, severity and owner",
    "G11": "Objectives are measured against the incidents",
    "W7": "SEV-1 to SEV-3, and the blast radius by tenant, route and feature",
    "W8": "Updates are warned at 15 minutes and broken at 30; critical tenants get a mail that a person wrote",
    "W9": "Recovery is confirmed: metrics at their baseline, queues worked off",
    "W10": "A SEV-1 and a major SEV-2 are written up within 72 hours; whether it was major is asked",
    "O6": "Every critical alert brings its runbook",
    "O7": "A runbook escalates by itself: 15 minutes to senior engineers, 30 to the commanders and the CTO",
    "O9": "Warned at 5 minutes, broken at 10; an update in 30; resolved or escalated in 60; the report in 24 hours",
    "O11": "A commander within 15 minutes; an unresolved SEV-2 goes up after an hour; a SEV-3 becomes a ticket",
    "O12": "Commander, technical lead and communications lead; the commander alone declares it resolved",
    "O13": "A first report after an hour, the full one after a day, the meeting within a week",
    "B2": "Every timer keeps when it was due, when it fired, and why it was stopped",
    "B9": "A policy is a file that is checked and simulated before it is in force",
}


@dataclass(frozen=True, slots=True)
class Test:
    """A test that carries marks of promises, by its file below ``tests`` and its name."""

    file: str
    name: str


def kept() -> dict[str, list[Test]]:
    """The tests by the id of the promise whose mark they carry."""
    found: dict[str, list[Test]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for promise in _marks(node):
                    found[promise].append(Test(path.relative_to(TESTS).as_posix(), node.name))
    return dict(found)


def _marks(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.promise":
            yield from (str(argument.value) for argument in decorator.args if isinstance(argument, ast.Constant))


def page() -> str:
    """The page in Markdown, one table for each organisation."""
    tests = kept()
    lines = ["# Promises, and the tests that hold them", "", "Made from the marks on the tests by `python -m tests.promises`."]
    for letter, organisation in ORGANISATIONS.items():
        lines += ["", f"## {organisation}", "", "| id | promise | tests |", "|---|---|---|"]
        for promise in (promise for promise in SAID if promise[0] == letter):
            named = "<br>".join(f"`{test.file}`: {test.name.removeprefix('test_').replace('_', ' ')}" for test in tests.get(promise, ()))
            lines.append(f"| {promise} | {SAID[promise]} | {named} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
