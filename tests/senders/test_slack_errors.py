"""What Slack's answers mean: every kind of failure ends in one that says whether to wait, look, repeat or give up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.domain.outbox import Kind
from bot.sandbox import Fault, Sandbox
from bot.senders import slack_calls
from bot.senders.slack import Slack
from bot.senders.slack_errors import retry_after
from tests.senders.conftest import Peer, slack_of_peer
from tests.senders.deliveries import asked, failure, make_delivery

POST: dict[str, Any] = {"channel": "C0INCIDENTS", "text": "x"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 30 ", 30),
        ("0", 0),
        (None, 30),
        ("", 30),
        ("abc", 30),
        ("-5", 30),
        ("1.5", 30),
        ("²", 30),
        ("86400", 300),
        ("9" * 5000, 300),
    ],
)
def test_a_retry_after_is_thirty_seconds_when_unreadable_and_five_minutes_at_most(value: str | None, seconds: int) -> None:
    assert retry_after(value) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("header", "seconds"), [("12", 12), (None, 30), ("soon", 30), ("86400", 300)])
async def test_too_many_requests_close_the_gate_of_the_method(sandbox: Sandbox, slack: Slack, header: str | None, seconds: int) -> None:
    sandbox.faults.add(Fault("slack", "ratelimited", name="chat.postMessage", retry_after=header))
    error = await failure(slack, make_delivery(Kind.POST, **POST))
    assert (error.gate, error.retry_after) == ("slack:chat.postMessage", timedelta(seconds=seconds))
    assert (error.permanent, error.ambiguous) == (False, False)
    assert asked(sandbox, "chat.postMessage") == 1


@pytest.mark.parametrize(
    "code", ["invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "org_login_required", "ekm_access_denied"]
)
async def test_a_refused_token_closes_all_of_slack_and_gives_nothing_up(sandbox: Sandbox, slack: Slack, code: str) -> None:
    sandbox.faults.add(Fault("slack", "error", error=code))
    error = await failure(slack, make_delivery(Kind.POST, **POST))
    assert (error.code, error.gate, error.retry_after, error.permanent) == (code, "slack", timedelta(seconds=60), False)
    assert "SLACK_BOT_TOKEN" in str(error)


@pytest.mark.parametrize(
    ("kind", "method", "gate"),
    [(Kind.POST, "chat.postMessage", "slack"), (Kind.PIN, "pins.add", "slack:pins.add")],
)
async def test_a_missing_scope_holds_up_its_own_method_and_only_posting_everything(
    sandbox: Sandbox, slack: Slack, kind: Kind, method: str, gate: str
) -> None:
    sandbox.faults.add(Fault("slack", "error", name=method, error="missing_scope"))
    error = await failure(slack, make_delivery(kind, timestamp="1.0", **POST))
    assert (error.code, error.gate, error.permanent) == ("missing_scope", gate, False)


@pytest.mark.parametrize(
    "code",
    [
        "restricted_action",
        "restricted_action_read_only_channel",
        "no_permission",
        "msg_too_long",
        "no_text",
        "metadata_too_large",
        "an_error_of_next_year",
    ],
)
async def test_a_plain_refusal_is_permanent(sandbox: Sandbox, slack: Slack, code: str) -> None:
    sandbox.faults.add(Fault("slack", "error", error=code))
    error = await failure(slack, make_delivery(Kind.POST, **POST))
    assert (error.code, error.permanent, error.gate) == (code, True, None)
    assert code in str(error)


@pytest.mark.parametrize(
    ("code", "ambiguous"),
    [
        ("internal_error", True),
        ("fatal_error", True),
        ("service_unavailable", False),
        ("request_timeout", False),
        ("team_added_to_org", False),
    ],
)
async def test_a_failure_of_slack_passes_and_is_ambiguous_when_half_of_it_may_be_done(
    sandbox: Sandbox, slack: Slack, code: str, ambiguous: bool
) -> None:
    sandbox.faults.add(Fault("slack", "error", error=code))
    error = await failure(slack, make_delivery(Kind.POST, **POST))
    assert (error.permanent, error.ambiguous) == (False, ambiguous)


@pytest.mark.parametrize(
    ("status", "content_type", "body", "ambiguous"),
    [
        (503, "text/html", "<html>Service Unavailable</html>", True),
        (500, "application/json", '{"ok": false, "error": "internal_error"}', True),
        (200, "application/json", '{"ok": tr', True),
        (200, "application/json", "", True),
        (200, "text/html", "<html>a proxy's page</html>", True),
        (200, "text/plain", "a proxy's words", True),
        (200, "application/json", "[1, 2]", True),
        (200, "application/json", "[" * 100_000, True),
        (200, "application/json", "null", True),
        (200, "application/json", '{"ok": false}', True),
        (502, "application/json", "half a", True),
        (403, "text/html", "<html>a proxy forbids it</html>", False),
        (407, "text/html", "", False),
    ],
)
async def test_an_answer_that_is_not_slacks_is_a_passing_failure(
    peer: Peer, session: aiohttp.ClientSession, status: int, content_type: str, body: str, ambiguous: bool
) -> None:
    peer.status, peer.content_type, peer.body = status, content_type, body
    error = await failure(slack_of_peer(peer, session), make_delivery(Kind.POST, **POST))
    assert (error.permanent, error.ambiguous, error.gate) == (False, ambiguous, None)
    assert peer.asked == ["/api/chat.postMessage"]


async def test_a_limit_answered_with_a_page_closes_the_gate_all_the_same(peer: Peer, session: aiohttp.ClientSession) -> None:
    peer.status, peer.body, peer.headers = 429, "slow d", {"Retry-After": "9"}
    error = await failure(slack_of_peer(peer, session), make_delivery(Kind.POST, **POST))
    assert (error.code, error.retry_after) == ("ratelimited", timedelta(seconds=9))


async def test_a_slack_that_hangs_is_given_up_and_may_have_posted(sandbox: Sandbox, slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_calls.ask, "__defaults__", (0.2,))
    sandbox.faults.add(Fault("slack", "delay", name="chat.postMessage", delay=0.6))
    error = await failure(slack, make_delivery(Kind.POST, **POST))
    assert (error.code, error.ambiguous) == ("unreachable", True)
    assert "does not answer" in str(error)


async def test_a_slack_that_hangs_before_anything_was_changed_leaves_nothing_ambiguous(
    sandbox: Sandbox, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_calls.ask, "__defaults__", (0.2,))
    sandbox.faults.add(Fault("slack", "delay", name="conversations.info", delay=0.6))
    error = await failure(slack, make_delivery(Kind.TOPIC, channel="C0INCIDENTS", topic="x"))
    assert (error.code, error.ambiguous) == ("unreachable", False)


async def test_a_connection_that_is_cut_may_have_posted_and_is_tried_once(sandbox: Sandbox, slack: Slack) -> None:
    sandbox.faults.add(Fault("slack", "refuse", name="chat.postMessage"))
    error = await failure(slack, make_delivery(Kind.POST, **POST))
    assert (error.code, error.ambiguous) == ("unreachable", True)
    assert asked(sandbox, "chat.postMessage") == 1


async def test_a_connection_that_never_came_to_be_has_surely_posted_nothing(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    closed = Sandbox()
    await closed.start()
    address = closed.slack_api_url
    await closed.stop()
    error = await failure(Slack(token="xoxb-of-a-test", api_url=address, session=session), make_delivery(Kind.POST, **POST))
    assert (error.ambiguous, error.permanent) == (False, False)
    assert "cannot be reached" in str(error)


async def test_the_reasons_that_slack_gives_are_handed_on(peer: Peer, session: aiohttp.ClientSession) -> None:
    peer.body = (
        '{"ok": false, "error": "invalid_arguments", "response_metadata": {"messages": ["[ERROR] missing required field: channel"]}}'
    )
    error = await failure(slack_of_peer(peer, session), make_delivery(Kind.POST, **POST))
    assert "missing required field: channel" in str(error)


async def test_what_a_missing_scope_needs_is_named(peer: Peer, session: aiohttp.ClientSession) -> None:
    peer.body = '{"ok": false, "error": "missing_scope", "needed": "chat:write", "provided": "commands"}'
    error = await failure(slack_of_peer(peer, session), make_delivery(Kind.POST, **POST))
    assert "chat:write" in str(error)
