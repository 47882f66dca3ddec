"""What a wrong policy is told in the words of who writes one, and what is noted of one that can be used."""

from __future__ import annotations

import pytest

from bot.domain.policy import Policy
from bot.domain.policy_file import PolicyError, load_policy
from bot.domain.undone import left_undone
from bot.settings import read_policy

HEAD = "extends: jovie\nchain: []\n"
HEARTBEAT = "heartbeats:\n  backup: {every: 24h, severity: P0, unsigned: true}\n"
REST = "{name: rest, match: {severity: '*'}, action: attach}"


def load(text: str) -> Policy:
    return load_policy("mine", lambda name: ("mine.yml", HEAD + text) if name == "mine" else read_policy(name))


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load(text)
    return str(caught.value).splitlines()


def notes(text: str) -> str:
    return "\n".join(left_undone(load(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "routes: [{name: a, match: {code: 500}, action: drop}]",
            "routes[0].match.code: expected a text or a list; a number or true goes in quotes",
        ),
        ("routes: [{name: a, match: [b], action: drop}]", "routes[0].match: expected names with values, such as {service: checkout}, got"),
        (
            "routes: [{name: a, action: drop, during: {from: 9am}}]",
            "routes[0].during.from: expected a time of the day such as \"09:00\", got '9am'",
        ),
        ("heartbeats: {a: {every: 1h, unsigned: maybe}}", "heartbeats.a.unsigned: expected true or false, got 'maybe'"),
        (
            "maintenance: [{name: a, author: b, match: {service: c}, from: 2026-12-05T20:00:00, until: 2026-12-06T20:00:00Z}]",
            "maintenance[0].from: expected a moment with its zone, such as 2026-12-05T20:00:00Z",
        ),
    ],
)
def test_what_is_expected_is_said_in_the_words_of_the_file(text: str, expected: str) -> None:
    assert problems(text)[0].startswith(f"mine.yml:3: {expected}")


def test_a_rule_that_is_wrong_as_a_whole_is_named_and_not_printed() -> None:
    assert problems("sources: {p: {kind: generic}}") == ["mine.yml:3: sources.p: expected either secret: env:NAME or unsigned: true"]


def test_a_wrong_entry_of_a_list_is_not_also_called_a_list_that_is_too_short() -> None:
    assert len(problems("sources: {p: {kind: generic, unsigned: true, carried_by: [cookie]}}")) == 1


def test_an_empty_list_is_called_too_short() -> None:
    assert "expected at least one" in problems("sources: {p: {kind: generic, unsigned: true, carried_by: []}}")[0]


def test_fields_beside_a_kind_that_does_not_read_them_are_refused() -> None:
    assert "expected fields only beside kind: generic" in problems("sources: {p: {kind: grafana, unsigned: true, fields: {title: x}}}")[0]


def test_a_secret_beside_cloudwatch_is_refused_with_what_it_has_instead() -> None:
    assert "expected no secret, for Amazon signs" in problems("sources: {p: {kind: cloudwatch, secret: env:P}}")[0]


@pytest.mark.parametrize("match", ["{title: '*'}", "{title: '*', service: ['a', '**']}"])
def test_a_maintenance_of_everything_is_refused_as_such_a_silence_is(match: str) -> None:
    text = f"maintenance: [{{name: a, author: b, match: {match}, during: {{days: [sat]}}}}]"
    assert "expected a match with at least one label whose value is not just *" in problems(text)[0]


def test_cloudwatch_without_topics_can_be_used_and_is_noted() -> None:
    assert "Source p: everything is refused until its SNS topics are named." in notes("sources: {p: {kind: cloudwatch}}")


def test_routes_behind_one_that_takes_everything_are_noted() -> None:
    found = notes("routes: [{name: all, action: inbox}, {name: pages, action: declare}, {name: rest, action: drop}]")
    assert "Nothing comes to the routes 'pages', 'rest': 'all' before them has no match, and so takes all." in found
    assert "Nothing comes" not in notes("routes: [{name: pages, match: {severity: page}, action: declare}, {name: all, action: inbox}]")


def test_a_heartbeat_that_a_route_for_others_takes_is_noted() -> None:
    found = notes(f"{HEARTBEAT}routes: [{REST}]")
    assert "Heartbeat backup: nobody is called when it falls silent, for route 'rest' takes its alert." in found


@pytest.mark.parametrize(
    "routes",
    [
        f"[{{name: own, match: {{source: muster, signal: heartbeat}}, action: declare}}, {REST}]",
        "[{name: rest, match: {severity: warning}, action: attach}]",
        "[]",
    ],
)
def test_a_heartbeat_whose_silence_is_declared_is_not_noted(routes: str) -> None:
    assert "nobody is called when it falls silent" not in notes(f"{HEARTBEAT}routes: {routes}")


def test_a_heartbeat_whose_severity_does_not_page_is_not_noted() -> None:
    assert "falls silent" not in notes(f"{HEARTBEAT.replace('P0', 'P1')}routes: [{REST}]")
