"""``muster policy`` from outside: what it checks, shows, describes to an editor, and says of a change."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from bot.cli import muster
from bot.cli.policy_origin import render
from bot.cli.policy_schema import schema
from bot.clock import SteeredClock, SystemClock
from bot.domain.alert import Alert, AlertStatus, Delivered, Reading
from bot.domain.incidents import Road
from bot.domain.policy import Policy
from bot.domain.policy_file import load_policy, open_policy
from bot.domain.routing import Channel
from bot.domain.severity import ClockName
from bot.services import alerts, incidents, people
from bot.services.work import Services, UnitOfWork
from bot.settings import read_policy
from bot.store import incidents as incident_rows
from bot.store import schema as store_schema
from bot.store.database import Database, Scope
from tests.policies import policy_data

SHIPPED = sorted(file.name.removesuffix(".yml") for file in files("bot.policies").iterdir() if file.name.endswith(".yml"))
BROKEN = Path(__file__).parent.parent / "domain" / "broken"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(muster, ["policy", *arguments], env=environment, terminal_width=200)


def written(path: Path, **changes: Any) -> str:
    path.write_text(json.dumps(policy_data(**changes), indent=1), encoding="utf-8")
    return str(path)


def test_a_policy_that_leaves_something_undone_is_noted_with_its_line_and_fails_only_when_strict() -> None:
    assert (run("check", "jovie").exit_code, run("check", "jovie", "--strict").exit_code) == (0, 1)
    assert "Note: jovie.yml:" in run("check", "jovie").stderr
    assert "jovie can be used, but not without" in run("check", "jovie", "--strict").stderr


def test_a_policy_that_leaves_nothing_undone_is_green_when_strict(tmp_path: Path) -> None:
    sound = run("check", written(tmp_path / "acme.yml", sources={}, routes=[]), "--strict")
    assert (sound.exit_code, sound.stderr) == (0, "")


def test_a_wrong_policy_is_refused_with_its_line() -> None:
    refused = run("check", str(BROKEN / "base.yml").replace("base.yml", "nothing.yml"))
    assert refused.exit_code == 1 and "there is no file" in refused.stderr


@pytest.mark.parametrize("name", SHIPPED)
def test_what_show_prints_is_the_policy(name: str) -> None:
    policy = load_policy(name, read_policy)
    shown = YAML(typ="safe").load(run("show", name).output)
    assert json.loads(json.dumps(shown)) == json.loads(policy.to_json()) == json.loads(run("show", name, "--json").output)


def test_behind_each_value_stands_the_file_and_the_line_that_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "acme.yml"
    path.write_text("extends: jovie\npeople:\n  tim: {phone: '+14155550102'}\nchain:\n  - who: tim\n    delay: 3m\n", encoding="utf-8")
    rows = dict(re.findall(r"^ *-? ?(\w+): .*?  # (\S+)$", run("show", str(path)).output, re.MULTILINE))
    assert rows["phone"] == f"{path}:3"
    assert rows["announce"].startswith("jovie.yml:")
    assert (rows["delay"], rows["repeat"]) == (f"{path}:6", "default")


def test_severities_that_are_sorted_keep_the_lines_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "acme.yml"
    path.write_text(
        "name: a\ndefault_severity: LOW\nseverities:\n  - {label: LOW, rank: 5}\n  - {label: TOP, rank: 1}\n",
        encoding="utf-8",
    )
    text = render(open_policy(str(path), read_policy), origin=True)
    assert re.findall(r"label: (TOP|LOW) +# \S+:(\d+)", text) == [("TOP", "5"), ("LOW", "4")]


def test_without_origin_nothing_stands_behind_the_values() -> None:
    assert "#" not in run("show", "default", "--no-origin").output


def fits(value: Any, wanted: Any, kinds: dict[str, Any]) -> bool:
    """Whether a value fits a schema, as far as ours use the language of schemas."""
    if wanted is True or wanted == {}:
        return True
    if "$ref" in wanted and not fits(value, kinds[wanted["$ref"].rpartition("/")[2]], kinds):
        return False
    if "anyOf" in wanted and not any(fits(value, one, kinds) for one in wanted["anyOf"]):
        return False
    if "enum" in wanted and value not in wanted["enum"]:
        return False
    if "const" in wanted and value != wanted["const"]:
        return False
    names = {"string": str, "array": list, "object": dict, "boolean": bool, "null": type(None), "integer": int, "number": (int, float)}
    types = wanted.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, names[one]) for one in types):  # type: ignore[arg-type]
        return False
    if isinstance(value, str):
        return re.search(wanted.get("pattern", ""), value) is not None
    if isinstance(value, list):
        return len(value) >= wanted.get("minItems", 0) and all(fits(one, wanted.get("items", True), kinds) for one in value)
    return not isinstance(value, dict) or _object_fits(value, wanted, kinds)


def _object_fits(value: dict[str, Any], wanted: Any, kinds: dict[str, Any]) -> bool:
    if not set(wanted.get("required", ())) <= set(value):
        return False
    fields, rest = wanted.get("properties", {}), wanted.get("additionalProperties", True)
    return all(
        fits(one, fields[name], kinds) if name in fields else rest is not False and fits(one, rest, kinds) for name, one in value.items()
    )


def as_editor(text: str) -> Any:
    """A policy as an editor sees it: moments and days stay texts."""
    return json.loads(json.dumps(YAML(typ="safe").load(text), default=str))


@pytest.mark.parametrize("name", SHIPPED)
def test_an_editor_finds_nothing_wrong_with_a_shipped_policy(name: str) -> None:
    described = schema()
    assert fits(as_editor(read_policy(name)[1]), described, described["$defs"])


@pytest.mark.parametrize(
    "text",
    [
        "{extends: default, anounce: x}",
        "{extends: default, chain: [{who: ana, delay: soon}]}",
        "{extends: default, severities: [{label: A, rank: 0, clocks: {acknowlege: 5m}}]}",
        "{extends: default, severities: [{label: A, rank: 0, roads: {acknowledge: [pigeon]}}]}",
        "{extends: default, routes: [{name: a, action: shout}]}",
        "{extends: default, runbooks: {a: {title: A, file: a.txt}}}",
        "{name: acme}",
    ],
)
def test_an_editor_marks_what_is_wrong(text: str) -> None:
    described = schema()
    assert not fits(as_editor(text), described, described["$defs"])


def test_an_editor_takes_every_short_form() -> None:
    described = schema()
    text = """
extends: default
people: {ana: {phone: "+14155550102", roads: [sms, {voice: 1m}]}}
groups: {platform: ana}
severities: [{label: A, rank: 0, clocks: {update: 30m, mitigate: {breach: 1h}}}]
routes: [{name: a, match: {service: web}, action: join, during: launch}]
windows: {launch: {days: Monday, from: "08:00"}}
systems: {web: {title: Web, match: {service: web}}}
correlation: {by: service}
postmortem: {sections: [What, {title: Why}]}
"""
    assert fits(as_editor(text), described, described["$defs"])


def test_an_editor_is_offered_every_clock_and_every_field_with_what_it_is() -> None:
    described = json.loads(run("schema").output)
    assert set(described["$defs"]["Severity"]["properties"]["clocks"]["properties"]) == set(ClockName)
    assert described["properties"]["chain"]["description"] == "Whom to page, level after level"
    assert described["properties"]["correlation"]["default"]["window"] == "30m"


def alert_line(source: str, minute: int, status: str = "firing", severity: str = "warning") -> str:
    body = {"fingerprint": "queue", "status": status, "title": "Queue backlog", "labels": {"severity": severity, "alertname": "Queue"}}
    at = NOON + timedelta(minutes=minute)
    return json.dumps({"source": source, "received_at": at.isoformat(), "body": body})


@pytest.mark.promise("B9")
def test_given_alerts_show_what_a_change_would_make_different(tmp_path: Path) -> None:
    routes = [{"name": "warning", "match": {"severity": "warning"}, "action": "declare", "severity": "P0"}]
    before, after = written(tmp_path / "before.yml"), written(tmp_path / "after.yml", name="after", routes=routes)
    given = tmp_path / "alerts.jsonl"
    given.write_text(
        "\n".join([alert_line("anything", 0), alert_line("anything", 1), alert_line("anything", 5, "resolved")]), encoding="utf-8"
    )
    told = run("simulate", after, "--against", before, "--alerts", str(given))
    assert told.exit_code == 0, told.output
    assert "1 alert: 0 incidents under test, 1 under after." in told.output
    assert "1 alert would fare differently" in told.output
    as_json = json.loads(run("simulate", after, "--against", before, "--alerts", str(given), "--json").output)
    (changed,) = as_json["changed"]
    assert (changed["before"]["outcome"], changed["after"]["outcome"], changed["after"]["severity"]) == ("inbox", "opens an incident", "P0")
    first = as_json["pages_only"]["after"][0]
    assert (first["at"], first["person"], first["road"], first["level"]) == (NOON.isoformat(), "tim", "sms", 1)
    assert as_json["pages_only"]["before"] == []


def test_the_same_policy_makes_no_difference(tmp_path: Path) -> None:
    same = written(tmp_path / "same.yml")
    given = tmp_path / "alerts.jsonl"
    given.write_text(alert_line("anything", 0, severity="critical"), encoding="utf-8")
    assert "Nothing would differ." in run("simulate", same, "--against", same, "--alerts", str(given)).output


def test_a_monitors_own_body_can_be_given(tmp_path: Path) -> None:
    same = written(tmp_path / "same.yml")
    given = tmp_path / "body.json"
    given.write_text(json.dumps({"title": "Queue backlog", "status": "firing"}), encoding="utf-8")
    told = run("simulate", same, "--against", same, "--alerts", str(given), "--source", "anything")
    assert told.exit_code == 0 and "1 alert:" in told.output


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ("not json", (), "expected a JSON object in each line"),
        ('{"source": "anything"}', (), ":1: expected {"),
        (alert_line("nobody", 0), (), "The policy has no source 'nobody'; it names prometheus, anything."),
        ("{", ("--source", "anything"), "expected the JSON of one body"),
    ],
)
def test_alerts_that_cannot_be_read_are_refused_with_a_sentence(
    tmp_path: Path, content: str, options: tuple[str, ...], sentence: str
) -> None:
    same = written(tmp_path / "same.yml")
    given = tmp_path / "alerts.jsonl"
    given.write_text(content, encoding="utf-8")
    refused = run("simulate", same, "--against", same, "--alerts", str(given), *options)
    assert refused.exit_code == 1 and sentence in refused.stderr


def test_without_a_database_the_past_is_refused_with_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'none.db'}"
    refused = run("simulate", "jovie", "--past", "7", DATABASE_URL=url)
    assert refused.exit_code == 1 and "There is no database" in refused.stderr
    assert not (tmp_path / "none.db").exists()


def test_what_is_to_be_replayed_has_to_be_said() -> None:
    assert run("simulate", "jovie").exit_code == 2


async def _fill(url: str, policy: Policy) -> None:
    """An incident of an hour ago that was acknowledged after ten minutes, and an alert that waits in the inbox."""
    clock = SteeredClock(SystemClock().now() - timedelta(hours=1), speed=0.0)
    database = Database(url, Scope(policy.organisation, policy.branch), clock)
    await store_schema.migrate(database.url)
    services = Services(database, clock, policy)
    await services.run(people.activate_policy)
    cpu = Alert("prometheus", "cpu", AlertStatus.FIRING, "CPU is full", None, labels={"severity": "critical", "alertname": "Cpu"})
    disk = Alert("prometheus", "disk", AlertStatus.FIRING, "Disk fills up", None, labels={"severity": "notice"})
    await services.run(alerts.ingest, [Delivered("r-1", "prometheus", Channel.METRICS, clock.now(), Reading((cpu, disk)))])

    async def acknowledge(work: UnitOfWork) -> None:
        (incident,) = await incident_rows.list_open(work.tx)
        await incidents.acknowledge(work, incident.id, (await people.by_key(work, "tim")).id, Road.SLACK)

    clock.advance(timedelta(minutes=10))
    await services.run(acknowledge)
    await database.close()


def with_acknowledge(span: str) -> list[dict[str, Any]]:
    severities: list[dict[str, Any]] = policy_data()["severities"]
    severities[0]["clocks"] = {"acknowledge": span, "mitigate": "2h"}
    return severities


@pytest.mark.promise("B9")
def test_the_past_shows_which_clock_would_have_broken_and_who_would_have_been_paged(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}"
    path = written(tmp_path / "before.yml", severities=with_acknowledge("15m"))
    asyncio.run(_fill(url, load_policy(path, read_policy)))
    voice = [{"name": "first", "who": ["ana"], "delay": "4m"}]
    after = written(tmp_path / "after.yml", name="after", severities=with_acknowledge("8m"), chain=voice)
    told = json.loads(run("simulate", after, "--past", "1", "--json", DATABASE_URL=url, MUSTER_POLICY=path).output)
    assert (told["alerts"], told["changed"]) == (2, [])
    (broken,) = told["broken_only"]["after"]
    assert (broken["clock"], broken["broken"], told["broken_only"]["before"]) == ("acknowledge", True, [])
    late = datetime.fromisoformat(broken["kept_at"]) - datetime.fromisoformat(broken["due_at"])
    assert late == timedelta(minutes=2)
    opened_at = datetime.fromisoformat(broken["started_at"])
    rung = [(page["person"], datetime.fromisoformat(page["at"]) - opened_at) for page in told["pages_only"]["after"]]
    assert rung == [("ana", timedelta(minutes=minute)) for minute in (0, 4, 8)], "until somebody acknowledged it after ten minutes"
    assert {page["person"] for page in told["pages_only"]["before"]} == {"tim", "ana", "ben"}
    assert [case["record"] for case in told["replays"]["after"]] == ["INC-1"]
    table = run("simulate", after, "--past", "1", DATABASE_URL=url, MUSTER_POLICY=path).output
    assert "2 min late" in table and "Broken clocks" in table
