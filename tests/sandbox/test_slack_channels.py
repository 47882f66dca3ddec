"""The pretend workspace refuses what Slack refuses about channels, with Slack's own words."""

from __future__ import annotations

import pytest

from bot.sandbox import DEFAULT_SCOPES, SandboxSettings
from tests.sandbox.slack_bot import SlackBot, error_of, open_slack_bot


async def test_a_channel_that_the_bot_makes_knows_its_creator_and_its_time(slack_bot: SlackBot) -> None:
    channel = await slack_bot.channel("inc-1", "U0ANA")
    shown = (await slack_bot.client.conversations_info(channel=channel, include_num_members=True))["channel"]
    assert (shown["creator"], shown["num_members"], shown["is_member"], shown["is_private"]) == ("U0MUSTER", 2, True, False)
    assert 0 <= slack_bot.sandbox.clock.now().timestamp() - shown["created"] < 60


async def test_a_private_channel_does_not_exist_for_who_is_not_in_it(slack_bot: SlackBot) -> None:
    secret = slack_bot.slack.private_channel("U0ANA", "secret").id
    client = slack_bot.client
    assert await error_of(client.conversations_info(channel=secret)) == "channel_not_found"
    assert await error_of(client.chat_postMessage(channel=secret, text="hello")) == "channel_not_found"
    assert await error_of(client.conversations_join(channel=secret)) == "method_not_supported_for_channel_type"
    assert await error_of(client.conversations_create(name="secret")) == "name_taken"
    await slack_bot.slack.add("U0MUSTER", secret, by="U0ANA")
    assert (await client.conversations_info(channel=secret))["channel"]["is_group"] is True


async def test_a_listing_shows_the_types_that_were_asked_for(slack_bot: SlackBot) -> None:
    await slack_bot.channel("hidden", is_private=True)
    slack_bot.slack.private_channel("U0ANA", "secret")
    public = await slack_bot.client.conversations_list()
    private = await slack_bot.client.conversations_list(types="private_channel")
    assert "hidden" not in [one["name"] for one in public["channels"]]
    assert [one["name"] for one in private["channels"]] == ["hidden"]
    assert await error_of(slack_bot.client.conversations_list(types="public")) == "invalid_types"


async def test_a_listing_comes_in_pages_and_a_made_up_cursor_is_refused(slack_bot: SlackBot) -> None:
    names, cursor, pages = [], "", 0
    while cursor or not pages:
        found = await slack_bot.client.conversations_list(limit=3, cursor=cursor)
        names += [one["name"] for one in found["channels"]]
        cursor, pages = found["response_metadata"]["next_cursor"], pages + 1
    assert (names, pages) == (["general", "random", "alerts-critical", "incidents"], 2)
    assert await error_of(slack_bot.client.conversations_list(cursor="3")) == "invalid_cursor"


async def test_without_the_scope_for_private_channels_public_ones_still_work() -> None:
    scopes = DEFAULT_SCOPES - {"groups:write", "groups:history"}
    async with open_slack_bot(SandboxSettings(scopes=scopes)) as bot:
        assert await error_of(bot.client.conversations_create(name="hidden", is_private=True)) == "missing_scope"
        secret = bot.slack.private_channel("U0ANA", "secret", ["U0MUSTER"]).id
        assert await error_of(bot.client.conversations_history(channel=secret)) == "missing_scope"
        public = await bot.channel("inc-1")
        assert (await bot.client.conversations_history(channel=public))["ok"] is True


async def test_a_missing_scope_says_which_and_which_there_are(slack_bot: SlackBot) -> None:
    answer = await slack_bot.client.auth_test()
    assert answer.headers["X-OAuth-Scopes"] == ",".join(sorted(DEFAULT_SCOPES))
    assert (answer["bot_id"], answer["team_id"]) == ("B0MUSTER", "T0SANDBOX")
    assert await error_of(slack_bot.client.usergroups_list()) == "missing_scope"


@pytest.mark.parametrize(("force", "error"), [(False, "user_not_found"), (True, None)])
async def test_one_bad_invitation_spoils_all_unless_forced(slack_bot: SlackBot, force: bool, error: str | None) -> None:
    channel = await slack_bot.channel("inc-1")
    call = slack_bot.client.conversations_invite(channel=channel, users="U0ANA,U0NOBODY,U0OLE", force=force)
    if error:
        assert await error_of(call) == error
    else:
        left_out = {one["user"]: one["error"] for one in (await call)["errors"]}
        assert left_out == {"U0NOBODY": "user_not_found", "U0OLE": "user_not_found"}
    assert ("U0ANA" in slack_bot.slack.channel("inc-1").members) == force


async def test_somebody_of_another_workspace_can_only_be_invited_where_it_is_shared(slack_bot: SlackBot) -> None:
    channel = await slack_bot.channel("inc-1")
    assert await error_of(slack_bot.client.conversations_invite(channel=channel, users="U0PAT")) == "no_external_invite_permission"
    slack_bot.state.share("inc-1")
    assert "U0PAT" in (await slack_bot.client.conversations_members(channel=channel))["members"]


async def test_an_archived_channel_has_ejected_the_bot_and_stays_closed_to_it(slack_bot: SlackBot) -> None:
    channel, client = await slack_bot.channel("inc-1"), slack_bot.client
    await client.conversations_archive(channel=channel)
    assert await error_of(client.conversations_join(channel=channel)) == "is_archived"
    assert await error_of(client.conversations_archive(channel=channel)) == "already_archived"
    assert await error_of(client.conversations_unarchive(channel=channel)) == "not_in_channel"
    assert await error_of(client.chat_postMessage(channel=channel, text="hello")) == "is_archived"
    assert await error_of(client.conversations_create(name="inc-1")) == "name_taken"


async def test_only_the_creator_may_rename_and_a_taken_name_is_refused(slack_bot: SlackBot) -> None:
    channel, client = await slack_bot.channel("inc-1"), slack_bot.client
    assert await error_of(client.conversations_rename(channel=channel, name="general")) == "name_taken"
    assert (await client.conversations_rename(channel=channel, name="inc-1-done"))["channel"]["name"] == "inc-1-done"
    assert await error_of(client.conversations_rename(channel=slack_bot.slack.channel("incidents").id, name="ours")) == "not_authorized"


async def test_people_are_taken_out_but_never_out_of_general(slack_bot: SlackBot) -> None:
    channel, client = await slack_bot.channel("inc-1", "U0ANA"), slack_bot.client
    await client.conversations_kick(channel=channel, user="U0ANA")
    assert slack_bot.slack.channel("inc-1").members == {"U0MUSTER"}
    assert await error_of(client.conversations_kick(channel=channel, user="U0ANA")) == "not_in_channel"
    assert await error_of(client.conversations_kick(channel=channel, user="U0MUSTER")) == "cant_kick_self"
    general = slack_bot.slack.channel("general").id
    await client.conversations_join(channel=general)
    assert await error_of(client.conversations_kick(channel=general, user="U0ANA")) == "cant_kick_from_general"


async def test_the_last_member_cannot_leave(slack_bot: SlackBot) -> None:
    channel = await slack_bot.channel("inc-1")
    assert await error_of(slack_bot.client.conversations_leave(channel=channel)) == "last_member"


async def test_people_are_listed_and_found_by_address(slack_bot: SlackBot) -> None:
    listed = (await slack_bot.client.users_list())["members"]
    assert {one["id"] for one in listed if one["deleted"]} == {"U0OLE"}
    assert {one["id"] for one in listed if one["is_bot"]} == {"U0ROBOT", "U0MUSTER"}
    found = await slack_bot.client.users_lookupByEmail(email="ANA@example.com")
    assert (found["user"]["id"], found["user"]["profile"]["email"]) == ("U0ANA", "ana@example.com")
    assert await error_of(slack_bot.client.users_lookupByEmail(email="ole@example.com")) == "users_not_found"
    assert await error_of(slack_bot.client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_without_its_scope_nobody_has_an_address() -> None:
    async with open_slack_bot(SandboxSettings(scopes=DEFAULT_SCOPES - {"users:read.email"})) as bot:
        assert "email" not in (await bot.client.users_info(user="U0ANA"))["user"]["profile"]
        assert await error_of(bot.client.users_lookupByEmail(email="ana@example.com")) == "missing_scope"


async def test_groups_are_listed_with_their_people() -> None:
    async with open_slack_bot(SandboxSettings(scopes=DEFAULT_SCOPES | {"usergroups:read", "team:read"})) as bot:
        groups = (await bot.client.usergroups_list(include_users=True))["usergroups"]
        assert [(one["handle"], one["users"]) for one in groups] == [("on-call", ["U0BEN", "U0TIM"])]
        assert (await bot.client.usergroups_users_list(usergroup="S0ONCALL"))["users"] == ["U0BEN", "U0TIM"]
        assert await error_of(bot.client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
        assert (await bot.client.team_info())["team"]["domain"] == "sandbox"


async def test_a_body_of_json_is_not_looked_at_by_methods_that_only_read(slack_bot: SlackBot) -> None:
    answer = slack_bot.client.api_call("users.lookupByEmail", json={"email": "ana@example.com"})
    assert await error_of(answer) == "invalid_arguments"
