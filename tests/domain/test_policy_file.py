"""A wrong policy names file, line, field and what was expected; the shipped ones are right."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.policy import Policy
from bot.domain.policy_file import PolicyError, load_policy
from bot.domain.routing import RouteAction
from bot.domain.severity import ClockName
from bot.domain.undone import left_undone
from bot.settings import read_policy
from tests.policies import policy_data


def load(text: str) -> Policy:
    return load_policy("mine", lambda name: ("mine.yml", text) if name == "mine" else read_policy(name))


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load(text)
    return str(caught.value).splitlines()


def test_jovie_is_kept_to_the_letter() -> None:
    policy = load_policy("jovie", read_policy)
    p0 = policy.severity("P0")
    minutes = {clock: rule.breach.total_seconds() / 60 for clock, rule in p0.clocks.items()}
    assert minutes == {ClockName.ACKNOWLEDGE: 5, ClockName.MITIGATE: 15, ClockName.UPDATE: 15, ClockName.POSTMORTEM: 24 * 60}
    assert (p0.pages, policy.announce, [zone.label for zone in policy.zones]) == (True, "alerts-critical", ["PT", "UTC"])
    assert [severity.label for severity in policy.severities] == ["P0", "P1", "P2"]
    assert policy.people["tim"].name == "Tim"
    assert tuple(section.title for section in policy.postmortem.sections) == (
        "What happened",
        "User impact",
        "Root cause",
        "Mitigation applied",
        "Permanent fix",
        "Preventive actions",
    )


def test_the_default_policy_is_read_and_says_what_it_leaves_undone() -> None:
    assert any("nobody will be called" in warning for warning in left_undone(load_policy("default", read_policy)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("extends: jovie\nchain:\n  - {who: [bob], delay: 2m}\n", "mine.yml:3: chain[0].who: expected people or groups"),
        ("extends: jovie\nchain:\n  - {who: [tim], delay: soon}\n", "mine.yml:3: chain[0].delay: expected a span such as 15m"),
        ("extends: jovie\npeople:\n  tim: {phone: '12'}\n", "mine.yml:3: people.tim.phone: expected a number with its country"),
        ("extends: jovie\ndefault_severity: P9\n", "mine.yml:2: default_severity: expected one of P0, P1, P2"),
        ("extends: jovie\nfrobnicate: 1\n", "mine.yml:2: frobnicate: expected no such field"),
        ("extends: jovie\nzones:\n  - {zone: Mars/Base, label: M}\n", "mine.yml:3: zones[0].zone: expected an IANA zone"),
        ("extends: jovie\nsources:\n  receipts: {kind: generic, unsigned: true}\n", "mine.yml:3: sources.receipts: expected a name"),
        (f"extends: jovie\nsources:\n  {'a' * 65}: {{kind: generic, unsigned: true}}\n", "expected a name of a-z, 0-9 and -, at most 64"),
        ("extends: jovie\nsources:\n  p: {kind: generic}\n", "mine.yml:3: sources.p: expected either secret: env:NAME"),
        ("extends: jovie\nsources:\n  p: {kind: generic, secret: hunter2}\n", "mine.yml:3: sources.p.secret: expected env:NAME"),
        ("extends: jovie\nroutes:\n  - {name: a, match: {source: p}, action: declare}\n", "mine.yml:3: routes[0].match.source"),
        (
            "extends: jovie\nroutes:\n  - {name: a, action: declare, owner: bob}\n",
            "mine.yml:3: routes[0].owner: expected somebody of people",
        ),
        ("extends: jovie\nroutes:\n  - {name: a, action: shout}\n", "mine.yml:3: routes[0].action: expected one of 'declare', 'attach'"),
        ("extends: jovie\nroutes:\n  - {name: a, action: drop, during: {from: nine}}\n", "mine.yml:3: routes[0].during.from"),
        (
            "extends: jovie\nroutes:\n  - {name: a, action: drop, match: {channel: noise}}\n",
            "mine.yml:3: routes[0].match.channel: expected one of metrics",
        ),
        (
            "extends: jovie\nsystems:\n  web: {title: Web, match: {service: w}, severity: P9}\n",
            "mine.yml:3: systems.web.severity: expected one of P0",
        ),
        ("extends: jovie\nsystems:\n  Web!: {title: Web, match: {service: w}}\n", "mine.yml:3: systems.Web!: expected a name of a-z"),
        ("extends: jovie\ncorrelation: {window: soon}\n", "mine.yml:2: correlation.window: expected a span such as 15m"),
        ("extends: mine\n", "extends: the chain"),
        ("extends: nowhere\n", "there is no file 'nowhere'"),
        ("a: [\n", "expected YAML"),
        ("- 1\n", "expected names and values"),
    ],
)
def test_a_wrong_policy_names_file_line_field_and_what_was_expected(text: str, expected: str) -> None:
    assert any(expected in line for line in problems(text)), problems(text)


def test_what_is_merged_by_yaml_s_own_sign_is_read_and_a_wrong_part_of_it_has_a_place() -> None:
    shared = "windows:\n  day: &day {from: '09:00', to: '17:00', zone: UTC}\n  night: {<<: *day, from: nonsense}\n"
    assert [line for line in problems(f"extends: default\n{shared}") if line.startswith("mine.yml:4: windows.night")]


def test_aliases_that_multiply_or_nest_without_end_are_refused_at_once() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12))
    assert problems(bomb) == ["mine.yml: expected at most 50000 fields, those behind aliases counted in"]
    nested = (f"a{level}: &a{level} {'[' * 90}*a{level - 1}{']' * 90}\n" for level in range(1, 20))
    deep = "".join(["a0: &a0 [x]\n", *nested])
    assert problems(deep) == ["mine.yml: expected YAML whose aliases do not nest so deep"]


def test_a_phone_that_two_people_share_is_refused() -> None:
    data = policy_data()
    data["people"]["ben"]["phone"] = data["people"]["ana"]["phone"]
    assert any("could not be told apart" in line for line in problems(json.dumps(data)))


def test_a_policy_is_read_back_from_its_row_with_the_same_digest() -> None:
    policy = load(json.dumps(policy_data()))
    assert Policy.from_json(policy.to_json()).digest == policy.digest


def test_a_policy_with_every_part_about_alerts_is_read_back_the_same() -> None:
    text = """
extends: default
people: {ana: {name: Ana}}
systems: {web: {title: Web, critical: true, match: {service: web}, owner: ana}}
routes:
  - name: day
    match: {text: "*down*"}
    during: {zone: Europe/Berlin, days: [Mon, tue], from: "09:00", to: "18:00"}
    action: join
    service: web
correlation: {by: [service, [cluster, namespace]], channels: null, flapping: null, at_most: {incidents: 5}}
"""
    policy = load(text)
    assert policy.routes[0].action is RouteAction.ATTACH, "join is another word for it"
    assert Policy.from_json(policy.to_json()) == policy
    assert Policy.from_json(policy.to_json()).digest == policy.digest


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


JUNK = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=5), st.just([]), st.just({}), st.just([{}]))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(st.sampled_from(places(policy_data())[1:]), JUNK)
def test_whatever_stands_in_a_policy_it_is_read_or_refused_with_its_place(path: tuple[Any, ...], junk: Any) -> None:
    data = copy.deepcopy(policy_data())
    node: Any = data
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = junk
    try:
        load(json.dumps(data, indent=1))
    except PolicyError as error:
        assert all(problem.file == "mine.yml" and problem.line for problem in error.problems)


@given(st.lists(st.sampled_from(["tim", "ana", "ben", "engineering"]), max_size=6))
def test_members_come_in_order_and_once(who: list[str]) -> None:
    members = load(json.dumps(policy_data())).members(who)
    assert len(members) == len(set(members))
    assert set(members) <= {"tim", "ana", "ben"}
