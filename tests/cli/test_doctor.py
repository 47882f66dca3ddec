"""``muster doctor`` against the sandbox: what works is said to work, and what does not has a name and a next step."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.cli import manifest
from bot.services.work import UnitOfWork
from bot.store import people, schema
from tests.cli.clinic import Clinic, of
from tests.house import SECRETS, open_house
from tests.policies import make_policy


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
