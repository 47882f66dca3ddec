"""The command line from outside: exit codes, sentences, and the whole story."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import muster
from bot.clock import SystemClock
from bot.domain.declaration import Declaration
from bot.domain.policy_file import load_policy
from bot.services import declarations, people
from bot.services.work import Services, UnitOfWork
from bot.settings import read_policy
from bot.store import schema
from bot.store.database import Database, Scope
from tests.house import House, open_house
from tests.policies import make_policy

SHIPPED = ("default", "jovie", "studiovault", "genme", "wrk-copilot", "omnihub")


def run(*arguments: str, **environment: str) -> Result:
    """What a command answers, with nothing of the outside in its environment but what is given."""
    return CliRunner().invoke(muster, arguments, env=environment)


async def call(house: House, *arguments: str) -> Result:
    """A command that asks the house's bot, run beside it."""
    environment = {"MUSTER_URL": house.bot.url, "MUSTER_TOKEN": "api-token"}
    return await asyncio.to_thread(lambda: run(*arguments, **environment))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_policy_tells_its_own_story_to_its_own_postmortem(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = run("demo", "--story", "--policy", name, "--speed", "1000")
    assert told.exit_code == 0, told.output
    written = (tmp_path / "demo" / "INC-1-postmortem.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in written.splitlines() if line.startswith("## ")]
    wanted = [section.title for section in load_policy(name, read_policy).postmortem.sections]
    assert [heading for heading in headings if heading in wanted] == wanted


def test_the_story_is_played_to_its_end_and_leaves_the_postmortem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = run("demo", "--story", "--speed", "1000")
    assert told.exit_code == 0, told.output
    for words in ("creates the channel", "☎ Tim", "☎ Ana", "Promise missed", "Rolled checkout back", "late"):
        assert words in told.output
    written = (tmp_path / "demo" / "INC-1-postmortem.md").read_text(encoding="utf-8")
    assert written.startswith("<!-- muster:begin summary")
    assert "Rolled checkout back to 1.4.2" in written


async def _declare(work: UnitOfWork, token: str) -> None:
    await people.activate_policy(work)
    await declarations.declare(work, Declaration(token=token, title=f"Broken {token}", severity="P1", declared_by=None))


async def _fill(url: str) -> None:
    policy = make_policy(organisation="default", branch="main")
    database = Database(url, Scope("default", "main"), SystemClock())
    await schema.migrate(database.url)
    await Services(database, SystemClock(), policy).run(_declare, "one")
    await database.close()


def test_an_untouched_record_verifies_and_a_changed_one_is_named(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}"
    asyncio.run(_fill(url))
    whole = run("audit", "verify", DATABASE_URL=url)
    assert whole.exit_code == 0 and "every one as it was written" in whole.output
    connection = sqlite3.connect(tmp_path / "muster.db")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    stream, seq = connection.execute("SELECT stream, seq FROM timeline ORDER BY seq LIMIT 1").fetchone()
    connection.execute("UPDATE timeline SET facts = '{\"forged\": true}' WHERE stream = ? AND seq = ?", (stream, seq))
    connection.commit()
    connection.close()
    forged = run("audit", "verify", DATABASE_URL=url)
    assert forged.exit_code == 1
    assert f"entry {seq} was changed" in forged.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "sentence"),
    [
        (("serve",), {"MUSTER_PORT": "none"}, 1, "MUSTER_PORT"),
        (("policy", "check", "nothing"), {}, 1, "shipped are default, genme, jovie"),
        (("audit", "verify"), {"DATABASE_URL": "sqlite+aiosqlite:////nowhere/muster.db"}, 1, "There is no database"),
        (("migrate",), {"DATABASE_URL": "mysql://localhost"}, 1, "DATABASE_URL"),
        (("incident", "list"), {"MUSTER_TOKEN": ""}, 1, "MUSTER_TOKEN is not set"),
        (("incident", "list"), {"MUSTER_TOKEN": "x", "MUSTER_URL": "http://127.0.0.1:9"}, 1, "No bot answers"),
        (("incident", "list"), {"MUSTER_TOKEN": "x", "MUSTER_URL": "nonsense"}, 1, "No bot answers"),
        (("incident", "update", "INC-1"), {}, 2, "Missing argument"),
        (("frobnicate",), {}, 2, "No such command"),
        (("demo", "--port", "99999"), {}, 2, "port"),
    ],
)
def test_what_cannot_be_done_ends_with_a_sentence_and_an_exit_code(
    arguments: tuple[str, ...], environment: dict[str, str], code: int, sentence: str
) -> None:
    answer = run(*arguments, **environment)
    assert answer.exit_code == code, answer.output
    assert sentence in answer.stderr
    assert "Traceback" not in answer.output


def test_the_shipped_policies_can_be_used_and_are_printed_whole() -> None:
    for name in SHIPPED:
        assert run("policy", "check", name).exit_code == 0
        assert json.loads(run("policy", "show", name, "--json").stdout)["name"] == name
    assert json.loads(run("policy", "schema").stdout)["title"] == "Policy of Muster"


async def test_an_incident_is_run_from_the_terminal(tmp_path: Path) -> None:
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}") as house:
        assert "Nothing is open" in (await call(house, "incident", "list")).output
        declared = await call(house, "incident", "declare", "Checkout returns 500", "--severity", "P0", "--json")
        assert json.loads(declared.stdout)["reference"] == "INC-1"
        taken = await call(house, "incident", "ack", "INC-1", "--json")
        assert json.loads(taken.stdout)["acknowledged_via"] == "command line"
        updated = await call(house, "incident", "update", "INC-1", "rolled back", "--status", "mitigating")
        assert "Status: Mitigating" in updated.output
        assert "INC-1" in (await call(house, "incident", "list")).output
        assert "Owner: Ana" in (await call(house, "incident", "show", "INC-1")).output
        assert "Status: Resolved" in (await call(house, "incident", "resolve", "INC-1", "fixed")).output
        missing = await call(house, "incident", "show", "INC-99")
        assert missing.exit_code == 1 and "INC-99" in missing.stderr


async def test_what_the_policy_asks_is_answered_from_the_terminal(tmp_path: Path) -> None:
    policy = make_policy(verification={"questions": ["Is it over?", "Are the queues empty?"]})
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", policy) as house:
        await call(house, "incident", "declare", "Checkout returns 500", "--severity", "P0")
        refused = await call(house, "incident", "resolve", "INC-1", "--answer", "1=yes, since 14:05")
        assert refused.exit_code == 1 and "Are the queues empty?" in refused.stderr and "Is it over?" not in refused.stderr
        odd = await call(house, "incident", "resolve", "INC-1", "--answer", "yes")
        assert odd.exit_code == 2 and "1=yes" in odd.stderr
        nobody_asks = await call(house, "incident", "resolve", "INC-1", "--answer", "3=yes")
        assert nobody_asks.exit_code == 1 and "nobody asks" in nobody_asks.stderr
        ended = await call(house, "incident", "resolve", "INC-1", "--answer", "1=yes, since 14:05", "--answer", "2=yes")
        assert "Status: Resolved" in ended.output


async def test_an_edited_postmortem_is_saved_and_comes_back(tmp_path: Path) -> None:
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}") as house:
        await call(house, "incident", "declare", "Checkout returns 500")
        await call(house, "incident", "resolve", "INC-1")
        file = tmp_path / "INC-1.md"
        assert (await call(house, "postmortem", "INC-1", "-o", str(file))).exit_code == 0
        file.write_text(file.read_text(encoding="utf-8") + "\nThe cache was cold.\n", encoding="utf-8")
        saved = await call(house, "postmortem", "INC-1", "--from", str(file))
        assert saved.exit_code == 0 and "Saved as version" in saved.output
        assert "Still empty: What happened, User impact, Root cause." in saved.output
        assert "The cache was cold." in (await call(house, "postmortem", "INC-1")).stdout
        waived = await call(house, "postmortem", "INC-1", "--skip", "a drill")
        assert waived.exit_code == 1 and "access is owner or hq" in waived.stderr
        assert (await call(house, "postmortem", "INC-1", "--skip", "x", "-o", str(file))).exit_code == 2


async def test_the_availability_is_printed_for_people_and_for_scripts(tmp_path: Path) -> None:
    policy = make_policy(objectives=[{"title": "Checkout", "target": 99.9}])
    async with open_house(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", policy) as house:
        assert "Checkout: 100 % in 28 days, target 99.9 %." in (await call(house, "availability")).output
        assert json.loads((await call(house, "availability", "--json")).stdout)[0]["left_seconds"] == 2419
