"""``muster init``: three files that can be used as they are, and nothing overwritten by accident."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from bot.cli import muster
from bot.settings import load_settings

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "s"}
URL = "https://muster.example.com"


def run(*arguments: str) -> Result:
    """What a command answers."""
    return CliRunner().invoke(muster, arguments)


def init(folder: Path, *options: str) -> Result:
    return run("init", "--dir", str(folder), *options)


def environment(folder: Path) -> dict[str, str]:
    """What a shell reads from the written .env."""
    lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def manifest(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((folder / "manifest.yml").read_text(encoding="utf-8"))
    return loaded


def test_three_files_are_written_and_the_next_steps_are_said(tmp_path: Path) -> None:
    told = init(tmp_path / "new")
    assert told.exit_code == 0, told.output
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [".env", "manifest.yml", "policy.yml"]
    for words in (
        "https://api.slack.com/apps?new_app=1",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "set -a; . ./.env; set +a",
        "muster doctor",
        "muster serve",
    ):
        assert words in told.output


def test_the_written_policy_can_be_used_as_it_stands(tmp_path: Path) -> None:
    init(tmp_path)
    checked = run("policy", "check", str(tmp_path / "policy.yml"))
    assert checked.exit_code == 0, checked.output
    assert "It can be used." in checked.output


def test_the_written_policy_can_be_used_with_all_of_its_examples(tmp_path: Path) -> None:
    init(tmp_path)
    text = (tmp_path / "policy.yml").read_text(encoding="utf-8")
    whole = re.sub(r"^(\s*)# (?=(people|chain|sources|routes):$|  |- \{)", r"\1", text, flags=re.MULTILINE)
    assert whole.count("{name: ") == 5
    (tmp_path / "policy.yml").write_text(whole, encoding="utf-8")
    checked = run("policy", "check", str(tmp_path / "policy.yml"))
    assert checked.exit_code == 0, checked.output
    assert "2 people, 1 source." in checked.output and "Note" not in checked.output


@pytest.mark.parametrize(("options", "token"), [((), "SLACK_APP_TOKEN"), (("--mode", "http", "--url", URL), "SLACK_SIGNING_SECRET")])
def test_with_two_values_filled_in_the_settings_are_valid(tmp_path: Path, options: tuple[str, ...], token: str) -> None:
    init(tmp_path, *options)
    written = environment(tmp_path)
    assert load_settings(written).policy == "policy.yml"
    filled = written | {name: TOKENS[name] for name in ("SLACK_BOT_TOKEN", token)}
    settings = load_settings(filled)
    assert settings.slack_bot_token is not None
    assert settings.database_url.startswith("sqlite")
    assert (settings.slack_app_token is not None) == (token == "SLACK_APP_TOKEN")


def test_secrets_are_readable_by_their_owner_alone_and_each_installation_has_its_own_key(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        init(tmp_path / name)
        assert stat.S_IMODE((tmp_path / name / ".env").stat().st_mode) == 0o600
        keys.add(environment(tmp_path / name)["MUSTER_SECRET_KEY"])
    assert len(keys) == 2 and all(len(key) == 64 for key in keys)
    assert not any(key in init(tmp_path / "three").output for key in keys)


def test_nothing_is_overwritten_unless_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=mine\n", encoding="utf-8")
    refused = init(tmp_path)
    assert refused.exit_code == 1 and ".env already in" in refused.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env"]
    forced = init(tmp_path, "--force")
    assert forced.exit_code == 0 and ".env.old" in forced.output
    assert (tmp_path / ".env.old").read_text(encoding="utf-8") == "SLACK_BOT_TOKEN=mine\n"
    assert environment(tmp_path)["SLACK_BOT_TOKEN"] == ""


def test_a_link_in_the_place_of_a_file_is_not_written_through(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".env").symlink_to(elsewhere)
    assert init(folder).exit_code == 1
    assert init(folder, "--force").exit_code == 0
    assert not elsewhere.exists()


def test_socket_mode_needs_no_address_and_http_names_it_everywhere(tmp_path: Path) -> None:
    init(tmp_path / "socket")
    init(tmp_path / "http", "--mode", "http", "--url", f"{URL}/")
    socket, http = manifest(tmp_path / "socket"), manifest(tmp_path / "http")
    assert (socket["settings"]["socket_mode_enabled"], http["settings"]["socket_mode_enabled"]) == (True, False)
    assert "url" not in str(socket)
    places = [http["features"]["slash_commands"][0]["url"]]
    places += [http["settings"][part]["request_url"] for part in ("event_subscriptions", "interactivity")]
    assert places == [f"{URL}/slack/events"] * 3
    assert socket["oauth_config"] == http["oauth_config"]
    assert environment(tmp_path / "http")["MUSTER_PUBLIC_URL"] == URL


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--mode", "http"), 2, "needs --url"),
        (("--mode", "carrier-pigeon"), 2, "socket"),
        (("--mode", "http", "--url", "http://muster.example.com"), 2, "https://muster.example.com"),
        (("--mode", "http", "--url", "https://muster.example.com/?a=b"), 2, "https://muster.example.com"),
        (("--mode", "http", "--url", "https://x\nevil: true"), 2, "https://muster.example.com"),
        (("--mode", "http", "--url", "https://[bad"), 2, "https://muster.example.com"),
    ],
)
def test_what_cannot_be_written_ends_with_a_sentence(tmp_path: Path, options: tuple[str, ...], code: int, sentence: str) -> None:
    answer = init(tmp_path, *options)
    assert answer.exit_code == code, answer.output
    assert sentence in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_ends_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    answer = init(tmp_path / "file" / "below")
    assert answer.exit_code == 1 and "cannot be written to" in answer.stderr
