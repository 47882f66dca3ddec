"""What the code offers stands in the documents, and what the documents promise is in the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from aiohttp import web
from ruamel.yaml import YAML

from bot import listeners, settings, telemetry
from bot.cli import muster
from bot.domain.policy import Policy
from bot.domain.policy_file import load_policy
from bot.listeners import commands
from bot.messages import answers
from bot.settings import read_policy
from bot.sources import generic
from bot.web import alerts, api, health, phone

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SCOPES = {
    "auth_test": set[str](),
    "bookmarks_add": {"bookmarks:write"},
    "bookmarks_list": {"bookmarks:read"},
    "chat_getPermalink": set[str](),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_create": {"channels:manage"},
    "conversations_history": {"channels:history"},
    "conversations_info": {"channels:read"},
    "conversations_invite": {"channels:manage"},
    "conversations_join": {"channels:join"},
    "conversations_list": {"channels:read"},
    "conversations_setTopic": {"channels:manage"},
    "files_upload_v2": {"files:write"},
    "pins_add": {"pins:write"},
    "users_conversations": {"channels:read"},
    "users_info": {"users:read"},
    "views_open": set[str](),
    "views_update": set[str](),
}
"""The scopes that Slack's methods ask for, as its reference of methods says for bot tokens and public channels."""
EVENTS = {"message": ({"message.channels"}, {"channels:history"})}
"""What has to be subscribed to for an event to arrive, and the scopes of that."""


def first_cells(document: Path, pattern: str = r".*") -> set[str]:
    """What stands in backticks at the start of the table rows of a document."""
    found = re.findall(r"^\| `([^`]+)`", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {cell for cell in found if re.fullmatch(pattern, cell)}


def sources(*folders: str) -> str:
    """The code of some folders of the bot."""
    paths = [path for folder in folders for path in sorted((ROOT / "bot").glob(folder))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return loaded


def all_documents() -> dict[str, str]:
    paths = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def leaves(command: click.Command, path: str) -> Iterator[str]:
    """The whole names of every command that does something."""
    if not isinstance(command, click.Group):
        yield path
        return
    for name, child in command.commands.items():
        yield from leaves(child, f"{path} {name}")


def called_methods() -> set[str]:
    """The methods of Slack's Web API that the code calls."""
    return set(re.findall(r"client\.([a-z]+_\w+)", sources("senders/*.py", "listeners/*.py", "app.py")))


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    code = (ROOT / "bot" / "settings.py").read_text(encoding="utf-8")
    asked = set(re.findall(r'_value\("([A-Z_]+)"', code))
    assert len(asked) == 2
    assert first_cells(DOCS / "settings.md") == set(settings._NAMES.values()) | asked


def test_the_documented_defaults_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", (DOCS / "settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    fields = {name: settings.Settings.model_fields[field].default for field, name in settings._NAMES.items()}
    documented = {name: default for name, default in rows if name in fields}
    assert documented == {name: str(default) for name, default in fields.items() if default is not None}


def test_every_command_is_documented_and_every_documented_one_exists() -> None:
    assert first_cells(DOCS / "cli.md", r"muster .*") == set(leaves(muster, "muster"))


def test_every_command_has_help_with_an_example() -> None:
    for path in leaves(muster, "muster"):
        command: click.Command = muster
        for name in path.split()[1:]:
            assert isinstance(command, click.Group)
            command = command.commands[name]
        assert command.help, path
        assert (command.epilog or "").startswith("Example: "), path
        assert path in (command.epilog or ""), path


def test_no_document_mentions_a_command_that_is_not_there() -> None:
    known = set(leaves(muster, "muster"))
    groups = {" ".join(path.split()[:2]) for path in known}
    for name, text in all_documents().items():
        for mentioned in re.findall(r"`(muster [a-z]+(?: [a-z]+)?)", text):
            whole = " ".join(mentioned.split()[:2])
            assert mentioned in known | groups or whole in known, f"{name}: {mentioned}"


def test_every_address_is_documented_and_every_documented_one_answers() -> None:
    app = web.Application()
    for part in (alerts, phone, health, api):
        part.register(app)
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert first_cells(DOCS / "http.md", r"(GET|POST|PUT) .*") == routes | {f"POST {listeners.PATH}"}


def test_every_metric_is_documented_and_every_documented_one_is_measured() -> None:
    measured = {f"{family.name}_total" if family.type == "counter" else family.name for family in telemetry.registry.collect()}
    assert first_cells(DOCS / "operating.md", r"muster_.*") == measured


def test_the_manifest_asks_for_the_scopes_that_the_code_needs_and_no_more() -> None:
    methods = called_methods()
    assert "chat_postMessage" in methods
    assert methods <= set(SCOPES), "a method is called whose scopes are not in the table"
    needed = set[str]().union(*(SCOPES[method] for method in methods))
    needed |= {"commands"} | set[str]().union(*(EVENTS[event][1] for event in subscribed()))
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def subscribed() -> set[str]:
    """The events that the code listens to."""
    return set(re.findall(r'\.event\("(\w+)"\)', sources("listeners/*.py")))


def test_the_manifest_subscribes_to_the_events_that_the_code_hears_and_no_more() -> None:
    wanted = set[str]().union(*(EVENTS[event][0] for event in subscribed()))
    assert wanted
    assert set(manifest()["settings"]["event_subscriptions"]["bot_events"]) == wanted


def test_the_manifest_sends_everything_to_the_one_address() -> None:
    described = manifest()
    command = described["features"]["slash_commands"][0]
    assert (command["command"], command["should_escape"]) == (commands.COMMAND, True)
    places = (command["url"], *(described["settings"][at]["request_url"] for at in ("event_subscriptions", "interactivity")))
    assert {place.removeprefix("https://muster.example.com") for place in places} == {listeners.PATH}


def test_every_scope_and_event_is_given_a_reason() -> None:
    described = manifest()
    asked = {*described["oauth_config"]["scopes"]["bot"], *described["settings"]["event_subscriptions"]["bot_events"]}
    assert first_cells(DOCS / "slack.md", r"[a-z]+([:.][a-z]+)?") == asked


def test_every_slash_command_is_documented_and_helped_with() -> None:
    words = set(commands.WORDS)
    assert {cell.split()[1] for cell in first_cells(DOCS / "slack.md", r"/incident .*")} == words
    assert {usage.split()[0] for usage, _ in answers.COMMANDS} == words


def test_every_field_of_the_policy_is_documented() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", (DOCS / "policy.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(Policy.model_fields)


@pytest.mark.parametrize("document", [DOCS / "policy.md", ROOT / "README.md"], ids=lambda path: path.name)
def test_the_documented_policy_can_be_used(document: Path) -> None:
    text = re.findall(r"```yaml\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)[0]
    policy = load_policy("documented", lambda name: ("documented", text) if name == "documented" else read_policy(name))
    assert policy.warnings() == []


def test_the_documented_generic_alert_is_understood() -> None:
    body = re.findall(r"```json\n(.*?)```", (DOCS / "generic-alerts.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    (alert,) = generic.parse("monitor", json.loads(body), datetime(2026, 11, 20, 22, 5, tzinfo=UTC))
    assert (alert.fingerprint, alert.labels["severity"]) == ("refunds-queue", "critical")


def test_every_test_that_the_readme_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert named
    for path, name in named:
        assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), name


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for path in (ROOT / "README.md", *sorted(DOCS.glob("*.md"))):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
