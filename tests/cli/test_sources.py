"""``muster source``: what is configured, how it is set up, and a sample through the running bot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import muster
from bot.domain.routing import SourceKind
from tests.house import SECRETS, House, open_house
from tests.policies import make_policy
from tests.web.amazon import TOPIC

POLICY = """
extends: default
name: acme
sources:
  checkout-grafana: {kind: grafana, secret: env:GRAFANA_SECRET}
  alarms: {kind: cloudwatch, topics: ["%s"]}
  errors: {kind: github, secret: env:GITHUB_SECRET}
  odd: {kind: splunk, secret: env:SPLUNK_SECRET}
  open: {kind: generic, unsigned: true}
  keyed: {kind: generic, secret: env:GRAFANA_SECRET, carried_by: [header], header: X-Key, channel: logs}
  mapped: {kind: generic, unsigned: true, fields: {alerts: items, title: what}}
"""
HERE = {
    "GRAFANA_SECRET": "grafana-secret-value",
    "GITHUB_SECRET": "github-secret-value",
    "SPLUNK_SECRET": "splunk-secret-value",
}


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "acme.yml"
    path.write_text(POLICY % TOPIC, encoding="utf-8")
    return str(path)


def run(policy: str, *arguments: str, **environment: str) -> Result:
    found = {"MUSTER_POLICY": policy, "MUSTER_PUBLIC_URL": "https://muster.example.com"} | environment
    return CliRunner().invoke(muster, ("source", *arguments), env=found)


def test_the_list_says_where_each_secret_goes_and_never_what_it_is(policy: str) -> None:
    listed = run(policy, "list", "--json", **HERE)
    assert listed.exit_code == 0, listed.output
    shown = {one["name"]: one for one in json.loads(listed.stdout)}
    assert set(shown) == {"checkout-grafana", "alarms", "errors", "odd", "open", "keyed", "mapped"}
    assert (shown["checkout-grafana"]["secret"], shown["checkout-grafana"]["channel"]) == ("GRAFANA_SECRET", "metrics")
    assert (shown["keyed"]["sent_as"], shown["keyed"]["channel"]) == ("the header X-Key", "logs")
    assert shown["open"]["secret"] == "none, anybody may post"
    assert TOPIC in shown["alarms"]["secret"]
    assert "secret-value" not in listed.output


def test_the_list_can_be_read_by_people(policy: str) -> None:
    listed = run(policy, "list")
    assert listed.exit_code == 0
    assert "checkout-grafana" in listed.stdout and "GRAFANA_SECRET" in listed.stdout


def test_a_policy_without_sources_says_so(tmp_path: Path) -> None:
    path = tmp_path / "none.yml"
    path.write_text("extends: default\nname: none\nsources: {}\nroutes: []\n", encoding="utf-8")
    assert run(str(path), "list").stdout == "The policy names no sources.\n"


def test_the_set_up_names_the_address_and_the_secrets_variable(policy: str) -> None:
    shown = run(policy, "show", "checkout-grafana", **HERE)
    assert shown.exit_code == 0, shown.output
    assert "https://muster.example.com/alerts/checkout-grafana" in shown.stdout
    assert "$GRAFANA_SECRET" in shown.stdout
    assert "firing fires" in shown.stdout
    assert "https://grafana.com/docs" in shown.stdout
    assert "secret-value" not in shown.output


def test_the_set_up_can_be_read_by_programs(policy: str) -> None:
    shown = json.loads(run(policy, "show", "errors", "--json").stdout)
    assert (shown["kind"], len(shown["setup"])) == ("github", 2)
    assert shown["states"]["success"] == "recovers"


@pytest.mark.parametrize("command", ["show", "test"])
def test_an_unknown_source_is_named_beside_those_there_are(policy: str, command: str) -> None:
    found = run(policy, command, "nobody")
    assert found.exit_code == 1
    assert "'nobody'" in found.stderr and "checkout-grafana" in found.stderr


def test_a_command_that_is_not_understood_ends_with_2(policy: str) -> None:
    assert run(policy, "show").exit_code == 2


def test_a_trial_needs_a_secret_a_token_and_a_bot(policy: str) -> None:
    without = run(policy, "test", "checkout-grafana")
    assert without.exit_code == 1
    assert "Neither GRAFANA_SECRET nor MUSTER_TOKEN is set" in without.stderr
    nobody = run(policy, "test", "checkout-grafana", MUSTER_URL="http://127.0.0.1:9", **HERE)
    assert nobody.exit_code == 1
    assert "No bot answers at http://127.0.0.1:9" in nobody.stderr
    never = run(policy, "test", "odd", "--resolved", **HERE)
    assert never.exit_code == 1
    assert "never says that a trouble is over" in never.stderr


@pytest.fixture
async def house(tmp_path: Path, policy: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    for name, value in HERE.items():
        monkeypatch.setenv(name, value)
    sources = {
        "checkout-grafana": {"kind": "grafana", "secret": "env:GRAFANA_SECRET"},
        "alarms": {"kind": "cloudwatch", "topics": [TOPIC]},
        "errors": {"kind": "github", "secret": "env:GITHUB_SECRET"},
        "open": {"kind": "generic", "unsigned": True},
        "mapped": {"kind": "generic", "unsigned": True, "fields": {"alerts": "items", "title": "what"}},
    }
    routes = [{"name": "everything", "match": {}, "action": "declare", "severity": "P0"}]
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", make_policy(sources=sources, routes=routes)) as opened:
        yield opened


async def trial(house: House, policy: str, *arguments: str, **environment: str) -> Result:
    return await asyncio.to_thread(lambda: run(policy, "test", *arguments, MUSTER_URL=house.bot.url, **environment))


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("checkout-grafana", HERE),
        ("errors", HERE),
        ("open", {}),
        ("alarms", {"MUSTER_TOKEN": SECRETS["MUSTER_API_TOKEN"]}),
    ],
)
async def test_a_trial_says_what_would_become_of_the_alert_and_keeps_nothing(
    house: House, policy: str, name: str, environment: dict[str, str]
) -> None:
    told = await trial(house, policy, name, **environment)
    assert told.exit_code == 0, told.output
    assert name in told.stdout
    assert "test" in told.stdout and "P0" in told.stdout
    await house.settle()
    assert (await house.show("INC-1")).get("code") == "not_found"


async def test_a_trial_of_the_recovery_is_told_as_json(house: House, policy: str) -> None:
    told = await trial(house, policy, "checkout-grafana", "--resolved", "--json", **HERE)
    assert told.exit_code == 0, told.output
    receipt = json.loads(told.stdout)
    assert (receipt["state"], receipt["source"]) == ("done", "checkout-grafana")


async def test_a_trial_of_a_source_with_fields_of_its_own_takes_a_body_of_ones_own(house: House, policy: str, tmp_path: Path) -> None:
    sample = await trial(house, policy, "mapped")
    assert sample.exit_code == 1
    assert "items: expected an array of alerts" in sample.stdout and "try a body of yours with --file" in sample.stdout
    body = tmp_path / "body.json"
    body.write_text('{"items": [{"what": "Refunds wait"}]}', encoding="utf-8")
    told = await trial(house, policy, "mapped", "--file", str(body))
    assert told.exit_code == 0, told.output
    assert "“Refunds wait”: a test" in told.stdout and "--file" not in told.stdout


async def test_a_trial_with_another_secret_ends_with_the_bots_sentence(house: House, policy: str) -> None:
    told = await trial(house, policy, "checkout-grafana", **(HERE | {"GRAFANA_SECRET": "outdated-secret-value"}))
    assert told.exit_code == 1
    assert "401" in told.stderr and "missing or wrong" in told.stderr


def test_every_kind_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "all.yml"
    lines = [
        f"  {kind.value}: {{kind: {kind.value}, " + (f'topics: ["{TOPIC}"]}}' if kind is SourceKind.CLOUDWATCH else "secret: env:X_SECRET}")
        for kind in SourceKind
    ]
    path.write_text("extends: default\nname: all\nsources:\n" + "\n".join(lines) + "\nroutes: []\n", encoding="utf-8")
    for kind in SourceKind:
        shown = run(str(path), "show", kind.value)
        assert shown.exit_code == 0, shown.output
        assert f"https://muster.example.com/alerts/{kind.value}" in shown.stdout
