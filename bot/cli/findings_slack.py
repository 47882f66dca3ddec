"""What ``muster doctor`` makes of Slack's answers: tokens, scopes, the announce channel, people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.cli import manifest
from bot.cli.findings import Finding, fail, ok, warn
from bot.domain.access import Access
from bot.domain.policy import Person, Policy
from bot.errors import SendError
from bot.senders.checks_slack import Channel, User, Workspace

_VITAL = frozenset(["commands", "chat:write", "channels:manage", "channels:read", "channels:join", "channels:history"])
"""The scopes without which there is no incident; the others each cost a feature."""
_REINSTALL = "Add it under OAuth & Permissions (or paste manifest.yml under App Manifest) and install the app again."
_PRIVATE_TOO = "groups:read"
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{6,}")
_APP_TOKEN_STEP = "Make one under Basic Information → App-Level Tokens, with connections:write, and set SLACK_APP_TOKEN to it."  # noqa: S105 - words


def workspace(found: Workspace) -> Iterator[Finding]:
    """Whose token it is, and what it lacks or has too much of."""
    yield ok("slack", f"The bot token is valid: @{found.user} in {found.team} ({found.team_id}).")
    if found.scopes is None:
        yield warn("scopes", "Slack did not say what the token may do.", "Compare OAuth & Permissions with manifest.yml.")
        return
    missing = [scope for scope in manifest.SCOPES if scope not in found.scopes]
    for scope in missing:
        say = fail if scope in _VITAL else warn
        yield say("scopes", f"{scope} is missing, and with it: {manifest.SCOPES[scope]}.", _REINSTALL)
    if not missing:
        yield ok("scopes", f"All {len(manifest.SCOPES)} scopes of the manifest are granted.")
    extra = sorted(found.scopes - set(manifest.SCOPES) - set(manifest.OPTIONAL_SCOPES))
    if extra:
        yield warn(
            "scopes", f"Granted and never used: {', '.join(extra)}.", "Take them away: a token should be able to do no more than it needs."
        )


def announce(name: str, channel: Channel | None, scopes: frozenset[str] | None) -> Finding:
    """Whether incidents can be announced there; ``scopes`` say how far we could see."""
    if channel is None:
        blind = "" if sees_private(scopes) else f" (without {_PRIVATE_TOO} private ones cannot be seen)"
        step = f"Make #{name}, or name another in the policy. If it is private, ask somebody in it to type: /invite @muster"
        return fail("announce", f"No channel #{name} can be seen{blind}.", step)
    if channel.archived:
        return fail(
            "announce", f"#{channel.name} is archived, and a bot cannot change that.", "Unarchive it, or name another in the policy."
        )
    if channel.joined:
        return ok("announce", f"Muster is in {'the private channel ' if channel.private else ''}#{channel.name}.")
    if channel.private:
        return fail("announce", f"Muster is not in the private channel #{channel.name}.", "Ask somebody in it to type: /invite @muster")
    return ok("announce", f"#{channel.name} is public; Muster joins it with the first announcement.")


def user(key: str, person: Person, found: User | None, policy: Policy) -> Iterator[Finding]:
    """What is wrong with somebody's Slack id, or with the address that the policy has of them; nothing when all is well."""
    at = f"people.{key}.slack"
    if found is None:
        yield fail("people", f"{person.name}: the workspace knows nobody of the id {person.slack}.", f"Correct {at}: ⋮ → Copy member ID.")
        return
    if found.deleted:
        yield fail("people", f"{person.name}'s Slack account is deactivated.", f"Correct {at}, or take {key} out of the policy.")
    if found.bot:
        yield fail("people", f"{person.name}'s Slack id is that of a bot.", f"Correct {at}: ⋮ → Copy member ID.")
    if found.guest:
        access = policy.access.guests
        can = "cannot even look at incidents" if access is Access.NONE else f"has the access “{access.value}”"
        yield warn("people", f"{person.name} is a guest of the workspace, who {can}.", "Make them a full member, or set access.guests.")
    if person.email and found.email and person.email.casefold() != found.email.casefold():
        step = f"Correct people.{key}.email, if that is a mistake."
        yield warn("people", f"{person.name} has another e-mail in Slack than in the policy.", step)


def is_channel_id(name: str) -> bool:
    """Whether a channel is named by its id, such as C012ABCDEF, and not by its name."""
    return _CHANNEL_ID.fullmatch(name) is not None


def sees_private(scopes: frozenset[str] | None) -> bool:
    """Whether private channels that we are in can be listed."""
    return scopes is None or _PRIVATE_TOO in scopes


def unknown_address() -> Finding:
    """That nobody said where Slack would reach us."""
    sentence = "Whether Slack reaches the bot cannot be seen: MUSTER_PUBLIC_URL is not set."
    return warn("inbound", sentence, "Set it to the address in the manifest, or use Socket Mode (SLACK_APP_TOKEN), which needs none.")


def connection(error: SendError | None) -> Finding:
    """Whether Socket Mode can be entered with the app token."""
    if error is None:
        return ok("inbound", "Socket Mode opens: Slack reaches the bot without a public address.")
    if error.code in ("unreachable", "unreadable", "ratelimited"):
        return fail(
            "inbound", f"Socket Mode could not be tried: {error}.", "Try again; if it stays so, look at the network's way to slack.com."
        )
    return fail("inbound", f"Slack does not open Socket Mode with the app token ({error.code}).", _APP_TOKEN_STEP)


def wrong_kind(setting: str, prefix: str, token: str) -> Finding | None:
    """That a token is one of another kind, which Slack would only call invalid."""
    if token.startswith(prefix):
        return None
    return warn(
        "slack", f"{setting} does not begin with {prefix}, as such tokens do.", f"Look whether it is the right one: {setting} is {prefix}…."
    )
