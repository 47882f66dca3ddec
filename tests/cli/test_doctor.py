"""``muster doctor`` against the sandbox: what works is said to work, and what does not has a name and a next step."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner, Result
from ruamel.yaml import YAML
from sqlalchemy.engine import make_url

from bot.cli import findings_twilio, manifest, muster
from bot.sandbox import Sandbox, SandboxSettings
from bot.sandbox.faults import Fault
from bot.services.work import UnitOfWork
from bot.store import people, schema
from tests.house import SECRETS, open_house
from tests.policies import make_policy, policy_data

FOUND = tuple[str, str, str]


@asynccontextmanager
async def odd_server(body: str) -> AsyncIterator[str]:
    """The address of a server that answers everything with one body."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@dataclass
class Clinic:
    """A sandbox, and an environment in which everything works."""

    sandbox: Sandbox
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def policy(self, **changes: Any) -> None:
        """Writes the policy of the tests, changed."""
        path = self.folder / "policy.yml"
        with path.open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump(policy_data(**changes), file)
        self.environment["MUSTER_POLICY"] = str(path)

    async def grant(self, scopes: frozenset[str]) -> None:
        """Moves into a workspace that grants these scopes."""
        await self.sandbox.stop()
        self.sandbox = Sandbox(replace(self.sandbox.settings, scopes=scopes))
        await self.sandbox.start()
        self.environment |= _addresses(self.sandbox)

    async def run(self, *arguments: str, **changes: str) -> Result:
        """What the doctor answers; an empty value takes one away."""
        environment = {**self.environment, **changes}
        return await asyncio.to_thread(lambda: CliRunner().invoke(muster, ("doctor", *arguments), env=environment))

    async def found(self, **changes: str) -> list[FOUND]:
        """Level, topic and sentence of everything that the doctor finds; checks that it ends as it should and tells no secret."""
        answer = await self.run("--json", **changes)
        assert isinstance(answer.exception, SystemExit | None), answer.exception
        findings = json.loads(answer.stdout)
        assert answer.exit_code == any(finding["level"] == "fail" for finding in findings), answer.output
        assert all(finding["next_step"] for finding in findings if finding["level"] != "ok")
        environment = self.environment | changes
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "MUSTER_SECRET_KEY"):
            assert not environment.get(name) or environment[name] not in answer.output
        return [(finding["level"], finding["topic"], finding["sentence"]) for finding in findings]


def _addresses(sandbox: Sandbox) -> dict[str, str]:
    return {"SLACK_API_URL": sandbox.slack_api_url, "TWILIO_API_URL": sandbox.twilio_api_url, "SMTP_URL": sandbox.mailbox.url}


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    sandbox = Sandbox(SandboxSettings())
    await sandbox.start()
    world = sandbox.settings
    made = Clinic(sandbox, tmp_path)
    made.environment = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}",
        "MUSTER_SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "SLACK_BOT_TOKEN": world.bot_token,
        "SLACK_APP_TOKEN": world.app_token,
        "TWILIO_ACCOUNT_SID": world.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": world.twilio_auth_token,
        "TWILIO_SMS_FROM": world.twilio_from,
        "EMAIL_FROM": "muster@example.com",
    } | _addresses(sandbox)
    made.policy()
    try:
        yield made
    finally:
        await made.sandbox.stop()


def of(found: list[FOUND], topic: str, level: str) -> str:
    """The sentences of one topic and level."""
    return " ".join(sentence for one, at, sentence in found if (one, at) == (level, topic))


async def test_an_installation_that_works_has_nothing_that_fails(clinic: Clinic) -> None:
    found = await clinic.found()
    assert [finding for finding in found if finding[0] == "fail"] == []
    assert "Every value can be used" in of(found, "settings", "ok")
    assert "@muster in Sandbox" in of(found, "slack", "ok")
    assert f"All {len(manifest.SCOPES)} scopes" in of(found, "scopes", "ok")
    assert "#alerts-critical" in of(found, "announce", "ok")
    assert "4 of 4 Slack ids" in of(found, "people", "ok")
    assert "Socket Mode opens" in of(found, "inbound", "ok")
    assert "takes us on this machine" in of(found, "mail", "ok")
    assert "America/Los_Angeles, UTC" in of(found, "zones", "ok")
    assert "account is active" in of(found, "phones", "ok")
    assert "42.17 USD left" in of(found, "phones", "ok")
    assert "registered for texts in the United States" in of(found, "phones", "ok")


async def test_the_text_counts_and_the_exit_code_says_whether_anything_failed(clinic: Clinic) -> None:
    well = await clinic.run()
    assert well.exit_code == 0 and "0 failed" in well.stdout
    ill = await clinic.run(SLACK_APP_TOKEN="xapp-1-A0MUSTER-wrong")
    assert ill.exit_code == 1 and "1 failed" in ill.stdout
    assert "connections:write" in ill.stdout
    assert "+15550100000" not in well.stdout and "+…00" in well.stdout


async def test_settings_that_cannot_be_read_are_named_and_end_the_examination(clinic: Clinic) -> None:
    found = await clinic.found(MUSTER_PORT="none", TWILIO_SMS_FROM="911")
    assert {topic for _, topic, _ in found} == {"settings"}
    assert "MUSTER_PORT" in of(found, "settings", "fail") and "TWILIO_SMS_FROM" in of(found, "settings", "fail")


async def test_a_wrong_policy_is_named_by_line_and_the_rest_is_looked_at_all_the_same(clinic: Clinic) -> None:
    clinic.policy(default_severity="P9")
    found = await clinic.found()
    assert "default_severity" in of(found, "policy", "fail")
    assert "@muster in Sandbox" in of(found, "slack", "ok")
    assert "There is none yet" in of(found, "database", "ok")


async def test_what_is_not_connected_is_said_and_only_slack_is_missed_badly(clinic: Clinic) -> None:
    found = await clinic.found(
        SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="", TWILIO_ACCOUNT_SID="", TWILIO_AUTH_TOKEN="", TWILIO_SMS_FROM="", SMTP_URL="", EMAIL_FROM=""
    )
    assert "Slack is not connected" in of(found, "slack", "fail")
    assert "Nobody's phone rings" in of(found, "phones", "warn")
    assert "Nobody is called by e-mail" in of(found, "mail", "warn")
    assert clinic.sandbox.requests == []


async def test_a_secret_that_the_policy_needs_and_nobody_set_fails(clinic: Clinic) -> None:
    found = await clinic.found(PROMETHEUS_SECRET="")
    assert "PROMETHEUS_SECRET, which is not set" in of(found, "policy", "fail")
    assert not of(await clinic.found(**SECRETS), "policy", "fail")


async def test_people_without_any_road_and_roads_without_a_number_are_named(clinic: Clinic) -> None:
    severities = [{"label": "P0", "rank": 0, "pages": True, "clocks": {"acknowledge": "5m"}, "roads": {"acknowledge": ["sms", "voice"]}}]
    clinic.policy(severities=severities, default_severity="P0", routes=[])
    found = await clinic.found()
    assert "No road leads to Vic" in of(found, "people", "warn")
    assert "calls by voice" in of(found, "policy", "warn")


# The database


async def _migrate(folder: Path) -> None:
    async with open_house(f"sqlite+aiosqlite:///{folder / 'muster.db'}", make_policy()):
        pass


async def test_a_database_that_was_used_is_sound_and_one_of_another_schema_is_named(clinic: Clinic) -> None:
    await _migrate(clinic.folder)
    assert f"has schema {schema.head()}" in of(await clinic.found(), "database", "ok")
    with sqlite3.connect(clinic.folder / "muster.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "schema 9999" in of(await clinic.found(), "database", "warn")


async def _verify(work: UnitOfWork, key: str) -> None:
    member = await people.find_by_key(work.tx, key)
    assert member is not None
    await people.change_person(work.tx, member.id, phone_verified_at=work.now)


async def test_whose_numbers_were_verified_is_known_once_the_bot_ran_with_the_policy(clinic: Clinic) -> None:
    assert "verified" not in of(await clinic.found(), "people", "warn")
    async with open_house(clinic.environment["DATABASE_URL"], make_policy()) as house:
        await house.bot.services.run(_verify, "tim")
    found = await clinic.found()
    warned = of(found, "people", "warn")
    assert "Ana's number was never verified" in warned and "Ben's number was never verified" in warned and "Tim's" not in warned
    assert "1 of 3 numbers were verified" in of(found, "people", "ok")


async def test_a_damaged_database_fails(clinic: Clinic) -> None:
    await _migrate(clinic.folder)
    path = clinic.folder / "muster.db"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = await clinic.found()
    assert of(found, "database", "fail")


async def test_a_database_that_is_not_there_or_not_known_fails(clinic: Clinic) -> None:
    nowhere = await clinic.found(DATABASE_URL="postgresql+asyncpg://muster:hidden@127.0.0.1:9/muster")
    assert "cannot be reached" in of(nowhere, "database", "fail")
    for address in ("mysql://localhost", "nonsense", f"sqlite+aiosqlite:///{clinic.folder}/none/muster.db"):
        assert of(await clinic.found(DATABASE_URL=address), "database", "fail")


async def test_a_refused_login_to_postgresql_is_told_without_the_password(clinic: Clinic, postgres_url: str) -> None:
    wrong = make_url(postgres_url).set(username="nobody", password="hunter22").render_as_string(hide_password=False)
    answer = await clinic.run(DATABASE_URL=wrong)
    assert answer.exit_code == 1 and "hunter22" not in answer.output
    (failed,) = [line for line in answer.stdout.splitlines() if "FAIL" in line]
    assert "database" in failed and "nobody" in failed
    fine = await clinic.found(DATABASE_URL=postgres_url)
    assert "no schema yet" in of(fine, "database", "warn")


# Slack


@pytest.mark.parametrize(("scope", "level"), [("chat:write", "fail"), ("reactions:read", "warn"), ("groups:read", "warn")])
async def test_a_missing_scope_is_named_with_what_it_costs(clinic: Clinic, scope: str, level: str) -> None:
    await clinic.grant(frozenset(manifest.SCOPES) - {scope})
    assert f"{scope} is missing, and with it: {manifest.SCOPES[scope]}" in of(await clinic.found(), "scopes", level)


async def test_a_scope_that_nothing_needs_is_noted(clinic: Clinic) -> None:
    await clinic.grant(frozenset({*manifest.SCOPES, *manifest.OPTIONAL_SCOPES, "admin", "im:history"}))
    assert "never used: admin, im:history." in of(await clinic.found(), "scopes", "warn")


async def test_a_refused_bot_token_ends_what_is_asked_of_slack(clinic: Clinic) -> None:
    found = await clinic.found(SLACK_BOT_TOKEN="xapp-in-the-wrong-place")
    assert "invalid_auth" in of(found, "slack", "fail") and "does not begin with xoxb-" in of(found, "slack", "warn")
    assert not [finding for finding in found if finding[1] in ("announce", "people") and finding[0] == "fail"]


async def test_an_announce_channel_that_is_not_there_or_archived_fails(clinic: Clinic) -> None:
    clinic.policy(announce="no-such-channel")
    assert "No channel #no-such-channel" in of(await clinic.found(), "announce", "fail")
    clinic.policy()
    clinic.sandbox.state.find("alerts-critical").archived = True
    assert "is archived" in of(await clinic.found(), "announce", "fail")


async def test_a_private_announce_channel_needs_an_invitation(clinic: Clinic) -> None:
    channel = clinic.sandbox.state.create("security", "U0ANA", is_private=True)
    clinic.policy(announce="security")
    alone = await clinic.run()
    assert alone.exit_code == 1 and "/invite @muster" in alone.stdout
    channel.members.add(clinic.sandbox.state.bot_user_id)
    assert "Muster is in the private channel #security" in of(await clinic.found(), "announce", "ok")
    clinic.policy(announce=channel.id)
    assert "Muster is in the private channel #security" in of(await clinic.found(), "announce", "ok")


async def test_a_channel_id_that_nobody_knows_fails(clinic: Clinic) -> None:
    clinic.policy(announce="C0NOSUCHID")
    assert "C0NOSUCHID" in of(await clinic.found(), "announce", "fail")


async def test_people_who_left_who_are_guests_or_who_never_were_are_named(clinic: Clinic) -> None:
    people = {
        "ana": {"name": "Ana", "slack": "U0ANA", "email": "ana@elsewhere.example"},
        "ole": {"name": "Ole", "slack": "U0OLE", "phone": "+14155550104"},
        "dee": {"name": "Dee", "slack": "U0DEE", "phone": "+14155550105"},
        "bot": {"name": "Robot", "slack": "U0ROBOT", "phone": "+14155550106"},
        "zoe": {"name": "Zoe", "slack": "U0ZOE", "phone": "+14155550107"},
    }
    clinic.policy(people=people, groups={}, invite=[], chain=[{"who": ["ana"], "delay": "2m"}])
    found = await clinic.found()
    failed, warned = of(found, "people", "fail"), of(found, "people", "warn")
    assert "Ole's Slack account is deactivated" in failed
    assert "Robot's Slack id is that of a bot" in failed
    assert "Zoe: the workspace knows nobody" in failed
    assert "Dee is a guest" in warned and "Ana has another e-mail" in warned


@pytest.mark.parametrize("kind", ["status", "empty", "truncated", "error", "ratelimited", "refuse"])
async def test_no_answer_of_slack_ends_the_examination(clinic: Clinic, kind: str) -> None:
    clinic.sandbox.faults.add(Fault("slack", kind, times=None))
    found = await clinic.found()
    assert of(found, "slack", "fail") and of(found, "inbound", "fail")
    assert "account is active" in of(found, "phones", "ok")


@pytest.mark.parametrize("body", ["[]", '"ok"', "null", '{"ok": true}', '{"ok": true, "channels": [1], "user": [], "team": {}}'])
async def test_no_odd_answer_of_slack_ends_the_examination(clinic: Clinic, body: str) -> None:
    clinic.sandbox.faults.add(Fault("slack", "status", times=None, status=200, body=body))
    assert [finding for finding in await clinic.found() if finding[0] == "fail"]


# How the world reaches us


async def test_the_address_of_a_running_bot_answers_and_refuses_the_unsigned(clinic: Clinic) -> None:
    async with open_house(clinic.environment["DATABASE_URL"]) as house:
        secret = house.sandbox.settings.signing_secret
        found = await clinic.found(SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET=secret, MUSTER_PUBLIC_URL=house.bot.url)
    assert "refuses what Slack did not sign" in of(found, "inbound", "ok")
    assert "reaches the bot" in of(found, "web", "ok") and "is not https" in of(found, "web", "warn")


async def test_an_address_that_nobody_or_somebody_else_answers_fails(clinic: Clinic) -> None:
    http = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "secret"}
    nobody = await clinic.found(**http, MUSTER_PUBLIC_URL="http://127.0.0.1:9")
    assert "nothing answers" in of(nobody, "inbound", "fail") and "nothing answers" in of(nobody, "web", "fail")
    other = await clinic.found(**http, MUSTER_PUBLIC_URL=clinic.sandbox.url)
    assert "answers 404" in of(other, "inbound", "fail") and "answers 404" in of(other, "web", "fail")
    assert "cannot be seen" in of(await clinic.found(**http), "inbound", "warn")


# Phones


async def test_refused_credentials_of_twilio_fail_once(clinic: Clinic) -> None:
    found = await clinic.found(TWILIO_AUTH_TOKEN="wrong")
    assert "refuses our credentials" in of(found, "phones", "fail")
    assert len([finding for finding in found if finding[1] == "phones" and finding[0] != "warn"]) == 1


@pytest.mark.parametrize(("amount", "level"), [("0", "fail"), ("-3.5", "fail"), ("4.20", "warn"), ("250", "ok"), ("NaN", "ok"), ("", "ok")])
async def test_the_balance_warns_before_it_is_spent(clinic: Clinic, amount: str, level: str) -> None:
    clinic.sandbox.phones.balance = amount
    assert "balance" in (said := of(await clinic.found(), "phones", level)) or "USD" in said


async def test_a_suspended_account_fails_and_a_trial_is_warned_about(clinic: Clinic) -> None:
    clinic.sandbox.phones.account_type = "Trial"
    assert "trial account" in of(await clinic.found(), "phones", "warn")
    clinic.sandbox.phones.account_status = "suspended"
    assert "account is suspended" in of(await clinic.found(), "phones", "fail")


async def test_a_number_of_somebody_else_fails_and_so_does_one_that_cannot_text(clinic: Clinic) -> None:
    found = await clinic.found(TWILIO_SMS_FROM="+14155559999", TWILIO_VOICE_FROM="+14155559998")
    assert "TWILIO_SMS_FROM (+…99) is no number" in of(found, "phones", "fail")
    assert "TWILIO_VOICE_FROM (+…98) is no number" in of(found, "phones", "warn")
    own = clinic.sandbox.settings.twilio_from
    clinic.sandbox.phones.capabilities[own] = {"voice": True, "sms": False}
    assert "cannot carry sms, only voice" in of(await clinic.found(), "phones", "fail")


@pytest.mark.parametrize(("status", "level"), [("VERIFIED", "ok"), ("IN_PROGRESS", "fail"), ("FAILED", "fail"), (None, "warn")])
async def test_a_number_of_the_united_states_has_to_be_registered(clinic: Clinic, status: str | None, level: str) -> None:
    clinic.sandbox.phones.a2p_status = status
    assert "registration" in of(await clinic.found(), "phones", level) or level == "ok"
    assert (level == "ok") == ("A2P" in of(await clinic.found(), "phones", "ok"))


@pytest.mark.parametrize(("status", "level"), [("TWILIO_APPROVED", "ok"), ("IN_REVIEW", "fail"), (None, "fail")])
async def test_a_toll_free_number_has_to_be_verified(clinic: Clinic, status: str | None, level: str) -> None:
    clinic.sandbox.phones.capabilities["+18335550100"] = {"voice": True, "sms": True}
    clinic.sandbox.phones.tollfree_status = status
    found = await clinic.found(TWILIO_SMS_FROM="+18335550100")
    assert "toll-free" in of(found, "phones", level)


@pytest.mark.parametrize(("status", "level"), [("approved", "ok"), ("pending", "fail"), ("rejected", "fail")])
async def test_the_whatsapp_template_has_to_be_approved(clinic: Clinic, status: str, level: str) -> None:
    world, phones = clinic.sandbox.settings, clinic.sandbox.phones
    phones.template_status = status
    whatsapp = {"TWILIO_WHATSAPP_FROM": world.whatsapp_from, "TWILIO_WHATSAPP_CONTENT_SID": world.whatsapp_content_sid}
    assert "WhatsApp template is" in of(await clinic.found(**whatsapp), "phones", level)
    whatsapp["TWILIO_WHATSAPP_CONTENT_SID"] = f"HX{'0' * 32}"
    assert "no such template" in of(await clinic.found(**whatsapp), "phones", "fail")
    whatsapp["TWILIO_WHATSAPP_CONTENT_SID"] = ""
    assert "has no template" in of(await clinic.found(**whatsapp), "phones", "warn")


ODD_BODIES = ["", "<html>", "[]", "null", "{}", '{"status": {}, "incoming_phone_numbers": 3, "services": [4], "balance": []}', "[" * 5000]


@pytest.mark.parametrize("body", ODD_BODIES)
async def test_no_odd_answer_of_twilio_ends_the_examination(clinic: Clinic, body: str) -> None:
    async with odd_server(body) as url:
        found = await clinic.found(TWILIO_API_URL=url)
    assert of(found, "phones", "fail")


@pytest.mark.parametrize(
    ("number", "needs", "toll_free"),
    [("+14155550100", True, False), ("+18335550100", False, True), ("+447700900123", False, False), ("+16135550100", False, False)],
)
def test_which_numbers_need_which_registration(number: str, needs: bool, toll_free: bool) -> None:
    assert findings_twilio.needs_campaign(number) is needs
    assert findings_twilio.is_toll_free(number) is toll_free


# Mail


async def test_a_mail_server_that_is_not_there_or_offers_no_tls_fails(clinic: Clinic) -> None:
    assert "cannot be reached" in of(await clinic.found(SMTP_URL="smtp://127.0.0.1:9"), "mail", "fail")
    with_password = clinic.sandbox.mailbox.url.replace("smtp://", "smtp://muster:hunter22@")
    answer = await clinic.run(SMTP_URL=with_password)
    assert answer.exit_code == 1 and "offers no TLS" in answer.stdout and "hunter22" not in answer.output
    assert clinic.sandbox.mailbox.messages == []


async def test_a_mail_server_without_tls_elsewhere_is_warned_about(clinic: Clinic) -> None:
    assert "without TLS" in of(await clinic.found(SMTP_URL=f"{clinic.sandbox.mailbox.url}?tls=off"), "mail", "warn")


# Sentry


async def test_sentry_is_asked_where_the_gate_wants_it(clinic: Clinic) -> None:
    assert [topic for _, topic, _ in await clinic.found() if topic == "sentry"] == []
    clinic.policy(gate={"sentry": {"url": clinic.sandbox.url, "organisation": clinic.sandbox.settings.sentry_organisation}})
    assert "SENTRY_TOKEN is not set" in of(await clinic.found(), "sentry", "fail")
    assert "does not accept SENTRY_TOKEN" in of(await clinic.found(SENTRY_TOKEN="sntrys_wrong"), "sentry", "fail")
    told = await clinic.found(SENTRY_TOKEN=clinic.sandbox.settings.sentry_token)
    assert of(told, "sentry", "ok") == "Sentry says what is unresolved there."
