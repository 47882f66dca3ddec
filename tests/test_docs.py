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
from slack_sdk.web.async_client import AsyncWebClient

from bot import listeners, settings, telemetry
from bot.cli import manifest as app_manifest
from bot.cli import muster, policy_page
from bot.cli.policy_prose import PARTS, Part
from bot.domain.outbox import METHODS, Kind, gates
from bot.domain.policy import Policy
from bot.domain.policy_file import load_policy
from bot.domain.undone import left_undone
from bot.listeners import commands
from bot.messages import answers
from bot.settings import read_policy
from bot.sources import generic
from bot.sources.source import Delivery
from bot.web import acknowledge, alerts, api, compatible, health, heartbeats, phone

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
_CHANNELS, _GROUPS = {"channels:read"}, {"groups:read"}
SCOPES = {
    "apps.connections.open": set[str](),
    "auth.test": set[str](),
    "bookmarks.add": {"bookmarks:write"},
    "bookmarks.edit": {"bookmarks:write"},
    "bookmarks.list": {"bookmarks:read"},
    "chat.getPermalink": set[str](),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.create": {"channels:manage", "groups:write"},
    "conversations.history": {"channels:history", "groups:history"},
    "conversations.info": _CHANNELS | _GROUPS,
    "conversations.invite": {"channels:manage", "groups:write"},
    "conversations.join": {"channels:join"},
    "conversations.list": _CHANNELS | _GROUPS,
    "conversations.members": _CHANNELS | _GROUPS,
    "conversations.open": {"channels:manage", "groups:write"},
    "conversations.replies": {"channels:history", "groups:history"},
    "conversations.setTopic": {"channels:manage", "groups:write"},
    "files.completeUploadExternal": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "pins.add": {"pins:write"},
    "usergroups.list": {"usergroups:read"},
    "users.conversations": _CHANNELS | _GROUPS,
    "users.info": {"users:read", "users:read.email"},
    "users.list": {"users:read"},
    "views.open": set[str](),
    "views.publish": set[str](),
    "views.update": set[str](),
}
"""The scopes that Slack's methods ask for, as its reference of methods says for bot tokens in public and in private channels."""
EVENTS = {
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "reaction_added": {"reactions:read"},
    "reaction_removed": {"reactions:read"},
    "app_home_opened": set[str](),
    "channel_archive": _CHANNELS,
    "group_archive": _GROUPS,
    "channel_deleted": _CHANNELS,
    "group_deleted": _GROUPS,
    "channel_left": _CHANNELS,
    "group_left": _GROUPS,
    "member_joined_channel": _CHANNELS | _GROUPS,
    "member_left_channel": _CHANNELS | _GROUPS,
    "channel_rename": _CHANNELS,
    "group_rename": _GROUPS,
}
"""The scopes that Slack's events ask for, as its reference of events says."""
_UPLOAD = {"files.getUploadURLExternal", "files.completeUploadExternal"}


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
    if command.invoke_without_command:
        yield path
    for name, child in command.commands.items():
        yield from leaves(child, f"{path} {name}")


def called_methods() -> set[str]:
    """The methods of Slack's Web API that the code calls."""
    named = re.findall(r"client\.([a-z]+_\w+)", sources("senders/*.py", "listeners/*.py", "app.py"))
    methods = {name for name in named if hasattr(AsyncWebClient, name)}
    assert {"chat_postMessage", "files_upload_v2"} <= methods
    return {name.replace("_", ".") for name in methods - {"files_upload_v2"}} | _UPLOAD


def section(document: Path, heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading, by what stands in backticks in their first cell; the other cells as they are."""
    text = document.read_text(encoding="utf-8").split(f"\n{heading}\n", 1)[1]
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", re.split(r"^#", text, maxsplit=1, flags=re.MULTILINE)[0], re.MULTILINE)
    return {name: rest.split(" | ") for name, rest in rows}


def in_backticks(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


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
    for part in (alerts, compatible, heartbeats, phone, acknowledge, health, api):
        part.register(app)
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert first_cells(DOCS / "http.md", r"(GET|POST|PUT|DELETE) .*") == routes | {f"POST {listeners.PATH}"}


def test_every_metric_is_documented_and_every_documented_one_is_measured() -> None:
    measured = {f"{family.name}_total" if family.type == "counter" else family.name for family in telemetry.registry.collect()}
    assert first_cells(DOCS / "operating.md", r"muster_.*") == measured


def test_the_manifest_asks_for_the_scopes_that_the_code_needs_and_no_more() -> None:
    methods = called_methods()
    assert methods <= set(SCOPES), "a method is called whose scopes are not in the table"
    needed = {"commands"}.union(*(SCOPES[method] for method in methods), *(EVENTS[event] for event in heard()))
    assert set(app_manifest.OPTIONAL_SCOPES) <= needed
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed - set(app_manifest.OPTIONAL_SCOPES)


def heard() -> set[str]:
    """The subscriptions whose events the code listens to: an event is named by its type, a message by the kind of its channel as well."""
    named = set(re.findall(r'"([a-z_]+)"', sources("listeners/*.py")))
    return {event for event in EVENTS if event.partition(".")[0] in named}


def test_the_manifest_subscribes_to_the_events_that_the_code_hears_and_no_more() -> None:
    wanted = heard()
    assert "message.channels" in wanted
    assert set(manifest()["settings"]["event_subscriptions"]["bot_events"]) == wanted


def test_the_shipped_manifest_is_the_one_that_init_writes() -> None:
    assert (ROOT / "manifest.yml").read_text(encoding="utf-8") == app_manifest.render()


def test_the_manifest_is_for_socket_mode_and_sends_everything_to_one_address_over_http() -> None:
    described, over_http = manifest(), YAML(typ="safe").load(app_manifest.render("https://muster.example.com"))
    command = described["features"]["slash_commands"][0]
    assert (command["command"], command["should_escape"]) == (commands.COMMAND, True)
    assert described["settings"]["socket_mode_enabled"] and described["settings"]["interactivity"]["is_enabled"]
    places = [over_http["features"]["slash_commands"][0]["url"]]
    places += [over_http["settings"][at]["request_url"] for at in ("event_subscriptions", "interactivity")]
    assert {place.removeprefix("https://muster.example.com") for place in places} == {listeners.PATH}
    assert not over_http["settings"]["socket_mode_enabled"]


def test_every_shortcut_of_the_manifest_is_heard() -> None:
    ids = {shortcut["callback_id"] for shortcut in manifest()["features"]["shortcuts"]}
    assert len(ids) == 3
    code = sources("listeners/*.py", "messages/*.py")
    assert {name for name in ids if f'"{name}"' not in code} == set()


def test_every_scope_and_event_has_its_reason_beside_it_in_the_manifest() -> None:
    text = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    asked = [*manifest()["oauth_config"]["scopes"]["bot"], *manifest()["settings"]["event_subscriptions"]["bot_events"]]
    assert asked == [*app_manifest.SCOPES, *app_manifest.EVENTS]
    for name in asked:
        assert re.search(rf"^ +- {re.escape(name)} +# \S", text, re.MULTILINE), name


def test_every_scope_and_event_is_documented() -> None:
    assert set(section(DOCS / "slack.md", "### Scopes")) == set(app_manifest.SCOPES)
    documented = section(DOCS / "slack.md", "### Events")
    assert {event: in_backticks(cells[0]) for event, cells in documented.items()} == EVENTS
    assert set(documented) == set(app_manifest.EVENTS)


def test_every_method_is_documented_with_its_scope_its_gate_and_what_happens_when_it_fails() -> None:
    documented = section(DOCS / "slack.md", "### Methods")
    assert set(documented) == called_methods()
    gated = {METHODS[kind]: gates(kind, "LANE")[1] for kind in Kind if kind.provider == "slack"}
    for method, (scopes, gate, failure) in documented.items():
        assert in_backticks(scopes) - {"connections:write"} == SCOPES[method], method
        assert in_backticks(gate) == ({gated[method]} if method in gated else set()), method
        assert len(failure) > 10, method


def test_every_slash_command_is_documented_and_helped_with() -> None:
    words = set(commands.WORDS)
    assert {cell.split()[1] for cell in first_cells(DOCS / "slack.md", r"/incident .*")} == words
    assert {usage.split()[0] for usage, _ in answers.COMMANDS} == words


def test_the_document_of_the_policy_says_what_its_models_say() -> None:
    """``.venv/bin/python -c "from bot.cli.policy_page import render; print(render(), end='')" > docs/policy.md`` writes it anew."""
    assert (DOCS / "policy.md").read_text(encoding="utf-8") == policy_page.render()


def test_every_model_of_the_policy_has_its_table_and_every_field_says_what_it_is() -> None:
    every = policy_page.models()
    assert {model for part in PARTS for model in part.models} == set(every) - {Policy}
    assert [f"{model.__name__}.{name}" for model in every for name, field in model.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("part", [part for part in PARTS if part.example], ids=lambda part: part.title)
def test_every_example_of_the_policy_can_be_used(part: Part) -> None:
    whole = re.findall(r"```yaml\n(.*?)```", (DOCS / "policy.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    known = {"documented": whole, "example": f"extends: documented\n{part.example}"}
    load_policy("example", lambda name: (name, known[name]) if name in known else read_policy(name))


def test_every_shipped_policy_is_named_in_the_document_of_the_policy() -> None:
    shipped = {path.stem for path in (ROOT / "bot" / "policies").glob("*.yml")}
    listed = re.search(r"a shipped policy\s\(([\w, -]+)\)", (DOCS / "policy.md").read_text(encoding="utf-8"))
    assert listed is not None and set(listed[1].split(", ")) == shipped


@pytest.mark.parametrize("document", [DOCS / "policy.md", ROOT / "README.md"], ids=lambda path: path.name)
def test_the_documented_policy_can_be_used(document: Path) -> None:
    text = re.findall(r"```yaml\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)[0]
    policy = load_policy("documented", lambda name: ("documented", text) if name == "documented" else read_policy(name))
    assert left_undone(policy) == []


def test_the_documented_generic_alert_is_understood() -> None:
    body = re.findall(r"```json\n(.*?)```", (DOCS / "generic-alerts.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    delivery = Delivery("monitor", json.loads(body), body.encode(), datetime(2026, 11, 20, 22, 5, tzinfo=UTC))
    (alert,) = generic.read(delivery).alerts
    assert (alert.fingerprint, alert.labels["severity"]) == ("refunds-queue", "critical")


def test_every_test_that_the_readme_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert named
    for path, name in named:
        assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), name


def test_the_readme_leads_to_every_document_and_names_every_shipped_policy() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {path.name for path in DOCS.glob("*.md")} == set(re.findall(r"^\| \[docs/[\w.-]+\]\(docs/([\w.-]+)\)", text, re.MULTILINE))
    assert {path.stem for path in (ROOT / "bot" / "policies").glob("*.yml")} == first_cells(ROOT / "README.md", r"[a-z][\w-]*")


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for path in (ROOT / "README.md", *sorted(DOCS.glob("*.md"))):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
