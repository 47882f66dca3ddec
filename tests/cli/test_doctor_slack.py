"""``muster doctor`` and Slack: scopes, the announce channel, people, and whether Slack reaches the bot."""

from __future__ import annotations

import pytest

from bot.cli import manifest
from bot.sandbox.faults import Fault
from tests.cli.clinic import Clinic, of
from tests.house import open_house


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
