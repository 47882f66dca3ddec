"""What a policy would have made of alerts: the bot's own judgement and arithmetic, people's part as the record says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertStatus
from bot.domain.consequences import Lived, runs
from bot.domain.policy import Policy
from bot.domain.routing import Channel
from bot.domain.severity import ClockName, Road
from bot.domain.simulation import DROPPED, INBOX, JOINS, OPENS, REOPENS, SILENCED, Heard, compare, replay
from tests.policies import calling_by, make_policy, policy_data

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def heard(
    at: float = 0, *, ended: float | None = None, lived: Lived | None = None, channel: Channel = Channel.METRICS, **labels: str
) -> Heard:
    known = {"severity": "critical", "alertname": "Cpu"} | labels
    name = "-".join(sorted(known.values()))
    alert = Alert("prometheus", name, AlertStatus.FIRING, f"{known['alertname']} is in trouble", None, labels=known)
    return Heard(alert, channel, NOON + minutes(at), None if ended is None else NOON + minutes(ended), lived)


def lived(resolved: float | None = None, *, updates: Sequence[float] = (), owner: str | None = None, **kept: float) -> Lived:
    """What people did, in minutes after noon; the record goes on for a day."""
    moments = {ClockName(clock): NOON + minutes(at) for clock, at in kept.items()}
    resolved_at = None if resolved is None else NOON + minutes(resolved)
    if resolved_at is not None:
        moments[ClockName.RESOLVE] = resolved_at
    recorded = frozenset({ClockName.ACKNOWLEDGE, ClockName.MITIGATE, ClockName.UPDATE, ClockName.RESOLVE})
    return Lived("INC-1", moments, recorded, tuple(NOON + minutes(at) for at in updates), resolved_at, owner, NOON + timedelta(days=1))


def severities(**changes: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = policy_data()["severities"]
    found[0] |= changes
    return found


def rung(policy: Policy, *alerts: Heard) -> list[tuple[float, str, Road, str]]:
    """Who is called how many minutes after noon, by which road and for what."""
    (case,) = replay(policy, alerts).cases
    return [((call.at - NOON) / minutes(1), call.person, call.road, call.why) for call in case.calls]


def broken(policy: Policy, *alerts: Heard) -> list[tuple[ClockName, float, bool | None]]:
    (case,) = replay(policy, alerts).cases
    return [(run.clock, (run.due_at - NOON) / minutes(1), run.broken) for run in case.runs]


def test_the_chain_is_followed_for_one_round_where_nobody_is_known_to_have_answered() -> None:
    first = [(0, "tim"), (2, "tim"), (4, "ana"), (4, "ben")]
    assert rung(make_policy(), heard()) == [(at, who, Road.SMS, "acknowledge") for at, who in first]


def test_the_chain_stops_at_the_acknowledgement_of_the_record() -> None:
    called = rung(make_policy(), heard(lived=lived(30, acknowledge=3, mitigate=10, updates=[14, 28])))
    assert [(at, who) for at, who, _, _ in called] == [(0, "tim"), (2, "tim")]


def test_a_wish_for_another_road_is_taken_within_the_ring_and_not_after_it() -> None:
    policy = make_policy(**calling_by("sms", "voice", tim=["sms", {"voice": "1m"}]))
    assert rung(policy, heard(lived=lived(2, acknowledge=1.5)))[:2] == [
        (0, "tim", Road.SMS, "acknowledge"),
        (1, "tim", Road.VOICE, "acknowledge"),
    ]


def test_a_level_that_is_for_another_severity_is_passed_over() -> None:
    chain = [{"who": "tim", "delay": "2m", "severities": "P1"}, {"who": "ana", "delay": "2m"}]
    assert [who for _, who, _, _ in rung(make_policy(chain=chain), heard())] == ["ana"]


def test_somebody_without_a_number_is_not_rung() -> None:
    data = policy_data()
    data["people"]["tim"] = {"name": "Tim"}
    assert [(at, who) for at, who, _, _ in rung(make_policy(people=data["people"]), heard())] == [(0, "ana"), (0, "ben")]


def test_a_chain_of_nobody_rings_nobody() -> None:
    assert rung(make_policy(chain=[]), heard()) == []


def test_a_clock_that_broke_rings_its_owner_first_and_then_the_chain_until_it_is_kept() -> None:
    policy = make_policy(severities=severities(clocks={"mitigate": "15m"}, roads={"mitigate": ["sms"]}, pages=False))
    called = rung(policy, heard(lived=lived(60, acknowledge=1, mitigate=18, owner="ben")))
    assert called == [(15, "ben", Road.SMS, "mitigate"), (17, "tim", Road.SMS, "mitigate")]


def test_clocks_break_by_what_the_record_says() -> None:
    found = broken(make_policy(), heard(lived=lived(60, acknowledge=6, mitigate=14, updates=[10, 30, 44])))
    clocks = [(clock, at, late) for clock, at, late in found if clock is not ClockName.POSTMORTEM]
    update = ClockName.UPDATE
    assert clocks == [
        (ClockName.ACKNOWLEDGE, 5, True),
        (ClockName.MITIGATE, 15, False),
        (update, 15, False),
        (update, 25, True),
        (update, 45, False),
        (update, 59, True),
    ]


def test_a_clock_that_runs_when_the_incident_is_resolved_did_not_break() -> None:
    found = broken(make_policy(), heard(lived=lived(4)))
    assert {late for clock, _, late in found if clock is not ClockName.POSTMORTEM} == {False}


def test_of_a_clock_that_the_record_knows_nothing_of_nothing_is_said() -> None:
    policy = make_policy(severities=severities(clocks={"commander": "15m", "postmortem": "24h"}))
    assert {late for _, _, late in broken(policy, heard(lived=lived(60)))} == {None}
    assert {late for _, _, late in broken(policy, heard())} == {None}


def stepped(**roads: list[str]) -> Policy:
    """A policy whose P0 pages nobody but Ben, after an hour that it took unresolved."""
    clocks = {"update": "2h", "resolve": "4h"}
    return make_policy(severities=severities(pages=False, clocks=clocks, escalate=[{"after": "1h", "who": ["ben"]}], roads=roads))


def test_a_step_of_an_escalation_pages_unless_it_is_reached() -> None:
    policy = stepped(resolve=["voice"])
    assert rung(policy, heard(lived=lived(90, acknowledge=1, updates=[50]))) == [(60, "ben", Road.VOICE, "escalation until resolved")]
    assert rung(policy, heard(lived=lived(59, acknowledge=1, updates=[50]))) == []


def test_a_step_pages_by_the_roads_of_the_acknowledgement_where_its_own_clock_has_none_and_nobody_where_there_are_none() -> None:
    record = lived(90, acknowledge=1, updates=[50])
    assert [road for _, _, road, _ in rung(stepped(acknowledge=["sms"]), heard(lived=record))] == [Road.SMS]
    assert rung(stepped(update=["sms"]), heard(lived=record)) == []


def test_a_runbooks_own_escalation_pages_as_well() -> None:
    runbooks = {
        "cpu": {"title": "CPU", "link": "https://wiki.example.com", "escalation": [{"after": "15m", "who": "ben", "until": "mitigated"}]}
    }
    routes = [{"name": "cpu", "match": {"alertname": "Cpu"}, "action": "declare", "severity": "P0", "runbook": "cpu"}]
    policy = make_policy(runbooks=runbooks, routes=routes)
    steps = [(at, who) for at, who, _, why in rung(policy, heard(lived=lived(30, acknowledge=1, mitigate=20))) if "escalation" in why]
    assert steps == [(15, "ben")]


def test_what_becomes_of_alerts_is_what_the_bot_would_make_of_them() -> None:
    routes = [
        {"name": "noise", "match": {"alertname": "Noise"}, "action": "drop"},
        {"name": "critical", "match": {"severity": "critical"}, "action": "declare", "severity": "P0", "by": ["alertname"]},
        {"name": "warning", "match": {"severity": "warning"}, "action": "attach"},
    ]
    window = {"name": "backups", "match": {"alertname": "Backup"}, "author": "Ana", "from": NOON, "until": NOON + timedelta(hours=1)}
    policy = make_policy(routes=routes, maintenance=[window])
    given = [
        heard(0, alertname="Noise"),
        heard(1, ended=5),
        heard(2, pod="b", ended=4),
        heard(3, alertname="Backup"),
        heard(4, alertname="Other", severity="warning"),
        heard(20, pod="c"),
    ]
    found = replay(policy, given).fates
    assert [fate.outcome for fate in found] == [DROPPED, OPENS, JOINS, SILENCED, INBOX, REOPENS]
    assert [fate.incident for fate in found] == [None, 1, 1, None, None, 1]
    assert [fate.route for fate in found][:2] == ["noise", "critical"]


def test_alerts_of_one_service_join_within_the_window_and_open_another_incident_after_it() -> None:
    policy = make_policy(routes=[{"name": "all", "action": "declare"}], correlation={"window": "10m", "channels": None})
    given = [heard(0, alertname="A", service="web"), heard(9, alertname="B", service="web"), heard(30, alertname="C", service="web")]
    assert [fate.incident for fate in replay(policy, given).fates] == [1, 1, 2]


def test_several_kinds_of_monitors_raise_it_and_its_clocks_begin_at_that_moment() -> None:
    policy = make_policy(routes=[{"name": "all", "action": "declare", "severity": "P1"}])
    given = [heard(0, service="web"), heard(5, service="web", alertname="Errors", channel=Channel.ERRORS)]
    (case,) = replay(policy, given).cases
    assert [((at - NOON) / minutes(1), severity.label) for at, severity in case.stages] == [(0, "P1"), (5, "P0")]
    assert {run.clock: (run.due_at - NOON) / minutes(1) for run in case.runs} == {"acknowledge": 10, "mitigate": 20, "update": 20}
    assert case.calls[0].at == NOON + minutes(5)


def test_two_policies_are_compared_alert_by_alert_page_by_page_and_clock_by_clock() -> None:
    before = make_policy()
    after = make_policy(severities=severities(clocks={"acknowledge": "3m"}), chain=[{"who": ["ana"], "delay": "2m"}])
    given = [heard(lived=lived(30, acknowledge=4, mitigate=10, updates=[14, 28]))]
    found = compare(given, replay(before, given), replay(after, given))
    assert found.changed == ()
    assert {call.person for _, call in found.calls_before} == {"tim"}
    assert {call.person for _, call in found.calls_after} == {"ana"}
    assert [run.clock for _, run in found.runs_after] == [ClockName.ACKNOWLEDGE]
    assert found.runs_before == ()


@given(
    st.lists(st.tuples(st.floats(0, 600), st.sampled_from(["critical", "warning", "page"]), st.sampled_from(list(Channel))), max_size=12),
    st.one_of(st.none(), st.floats(1, 600)),
    st.one_of(st.none(), st.floats(1, 600)),
)
def test_no_page_is_ever_before_its_incident_after_its_answer_or_by_a_road_that_is_not_named(
    given_alerts: list[tuple[float, str, Channel]], acknowledged: float | None, resolved: float | None
) -> None:
    policy = make_policy(routes=[{"name": "all", "action": "declare"}])
    record = lived(resolved) if acknowledged is None else lived(resolved, acknowledge=acknowledged)
    alerts = [heard(at, severity=severity, channel=channel, lived=record) for at, severity, channel in sorted(given_alerts)]
    for case in replay(policy, alerts).cases:
        opened_at = case.stages[0][0]
        answer = record.kept.get(ClockName.ACKNOWLEDGE)
        assert all(run.due_at > opened_at for run in runs(case.stages, case.lived))
        for call in case.calls:
            assert call.at >= opened_at and call.road is Road.SMS
            assert call.why != "acknowledge" or answer is None or answer < opened_at or call.at < answer
