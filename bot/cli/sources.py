"""``muster source``: which monitors may post, how each is set up, and whether what it sends would arrive."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.payloads import payload
from bot.clock import SystemClock
from bot.domain.policy import Policy
from bot.domain.policy_file import load_policy
from bot.domain.routing import Carrier, SourceKind, SourceRule
from bot.errors import SettingsError
from bot.settings import client_settings, load_settings, read_policy, resolve_secret
from bot.sources import SOURCES
from bot.sources.posting import Post, places, post_of
from bot.sources.samples import Sample, load
from bot.sources.source import Source

_WITHIN = 15.0
_LOOK_EVERY = 0.1
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_POLICY = click.option("--policy", "policy_name", help="A shipped policy or the path of one; MUSTER_POLICY's otherwise.")
_NAME = click.argument("name")
_WORDS: Mapping[Carrier, str] = {
    Carrier.BEARER: "a bearer token",
    Carrier.BASIC: "the password of basic authentication",
    Carrier.HEADER: "the header {header}",
    Carrier.PATH: "the end of the address",
    Carrier.QUERY: "?token= in the address",
    Carrier.SIGNATURE: "a signature of the body",
    Carrier.BODY: "the body",
}


@click.group()
def source() -> None:
    """The monitors that may post alerts, as the policy names them under sources."""


@source.command("list", epilog="Example: muster source list")
@_POLICY
@_JSON
def list_sources(policy_name: str | None, as_json: bool) -> None:
    """List what is configured: its kind, its monitoring channel, and where its secret goes."""
    shown = [_shown(name, rule) for name, rule in _policy(policy_name).sources.items()]
    if as_json:
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    table = Table("Source", "Kind", "Channel", "Secret", "Sent as", box=None, pad_edge=False)
    for one in shown:
        table.add_row(*(Text(str(one[field])) for field in ("name", "kind", "channel", "secret", "sent_as")))
    if shown:
        Console().print(table)
    else:
        click.echo("The policy names no sources.")


@source.command(epilog="Example: muster source show grafana")
@_NAME
@_POLICY
@_JSON
def show(name: str, policy_name: str | None, as_json: bool) -> None:
    """Show how a monitor is set up to post here, and which states it is understood by."""
    rule = _rule(_policy(policy_name), name)
    shown, kind = _shown(name, rule), SOURCES[rule.kind]
    if as_json:
        setup = {
            "setup": _setup(shown, kind),
            "payload": payload(rule.kind) or None,
            "states": dict(kind.states),
            "documentation": kind.documentation,
        }
        click.echo(json.dumps(shown | setup, indent=2, ensure_ascii=False))
        return
    click.echo(f"{name}: {kind.name}, monitoring channel {shown['channel']}")
    click.echo(f"  Address: {shown['url']}")
    click.echo(f"  Secret: {shown['secret']}" + (f", as {shown['sent_as']}" if shown["sent_as"] else ""))
    for line in _setup(shown, kind):
        click.echo(f"  {line}")
    for line in payload(rule.kind).splitlines():
        click.echo(f"    {line}")
    click.echo(f"  States: {', '.join(' '.join((word or 'none', meaning)) for word, meaning in kind.states.items())}")
    click.echo(f"  See {kind.documentation}")


@source.command(epilog="Example: muster source test grafana --resolved")
@_NAME
@click.option("--resolved", is_flag=True, help="Send the recovery instead of the alert.")
@click.option("--file", "own", type=click.File("rb"), help="Send this body (JSON) instead of the sample; - is standard input.")
@_POLICY
@_JSON
def test(name: str, resolved: bool, own: BinaryIO | None, policy_name: str | None, as_json: bool) -> None:
    """Post a sample through the running bot and say what would become of it; nothing is kept and nobody is called.

    The bot is at MUSTER_URL. The sample carries the source's own secret where this machine has it, else MUSTER_TOKEN.
    """
    rule = _rule(_policy(policy_name), name)
    post = _sample_post(name, rule, "resolved" if resolved else "firing", own.read() if own else None)
    receipt = _wait_for(_send(name, post))
    if as_json:
        click.echo(json.dumps(receipt, indent=2, ensure_ascii=False))
    else:
        for sentence in _told(SOURCES[rule.kind], receipt):
            click.echo(sentence)
        if rule.fields and own is None:
            click.echo("The sample has the usual names, and this source has fields of its own: try a body of yours with --file.")
    if receipt["state"] != "done" or not receipt["outcome"]:
        raise click.exceptions.Exit(1)


def _policy(name: str | None) -> Policy:
    return load_policy(name or load_settings().policy, read_policy)


def _rule(policy: Policy, name: str) -> SourceRule:
    if name not in policy.sources:
        known = ", ".join(policy.sources) or "none"
        raise click.ClickException(f"The policy has no source {name!r}; it names {known}.")
    return policy.sources[name]


def _shown(name: str, rule: SourceRule) -> dict[str, str]:
    kind = SOURCES[rule.kind]
    words = [_WORDS[place].format(header=rule.header or kind.header) for place in places(kind, rule)]
    return {
        "name": name,
        "kind": rule.kind.value,
        "channel": (rule.channel or kind.channel).value,
        "secret": _secret_of(rule),
        "sent_as": " or ".join(words),
        "url": f"{load_settings().public_url or client_settings()[0].rstrip('/')}/alerts/{name}",
    }


def _secret_of(rule: SourceRule) -> str:
    """The name of the secret, never its value."""
    if rule.secret is not None:
        return rule.secret.removeprefix("env:")
    return "none, anybody may post" if rule.unsigned else f"none, Amazon signs for {', '.join(rule.topics) or 'no topic yet'}"


def _setup(shown: Mapping[str, str], kind: Source) -> list[str]:
    return kind.setup.format(url=shown["url"], secret=f"${shown['secret']}").splitlines()


def _sample_post(name: str, rule: SourceRule, state: str, own: bytes | None) -> Post:
    kind, secret = SOURCES[rule.kind], _secret(rule)
    sample: Sample | None = load(rule.kind, state, SystemClock().now(), secret or "")
    if sample is None:
        raise click.ClickException(f"{kind.name} never says that a trouble is over; silence or a person ends it.")
    if own is not None:
        sample = replace(sample, method="POST", query={}, content_type="application/json", body=own)
    post = post_of(sample, kind, rule, secret)
    if secret or rule.unsigned:
        return post
    token = client_settings()[1]
    if token is None:
        missing = f"Neither {rule.secret.removeprefix('env:')} nor MUSTER_TOKEN is" if rule.secret else "MUSTER_TOKEN is not"
        raise click.ClickException(f"{missing} set; {name} takes a sample from who has its secret or a token of the policy that may act.")
    return Post(post.method, post.address, {**post.headers, "Authorization": f"Bearer {token}"}, post.body)


def _secret(rule: SourceRule) -> str | None:
    if rule.secret is None or rule.kind is SourceKind.CLOUDWATCH:
        return None
    try:
        return resolve_secret(rule.secret)
    except SettingsError:
        return None


def _send(name: str, post: Post) -> str:
    """The receipt of the sample; what the door refuses ends the command with its sentence."""
    content = post.body or (None if post.method == "GET" else b"")
    headers = {**post.headers, "X-Muster-Test": "1"}
    _, answered = _ask(urllib.request.Request(f"{_url()}/alerts/{name}{post.address}", content, headers, method=post.method))
    receipt = answered.get("X-Muster-Receipt")
    if receipt is None:
        raise click.ClickException(f"What answers at {_url()} gave no receipt; is MUSTER_URL the address of a bot of this version?")
    return receipt


def _wait_for(receipt: str) -> dict[str, Any]:
    """The receipt once the sample was worked off, or as it is when that takes too long."""
    tries = int(_WITHIN / _LOOK_EVERY)
    found: dict[str, Any] = {}
    for _ in range(tries):
        body, _headers = _ask(urllib.request.Request(f"{_url()}/alerts/receipts/{receipt}"))
        found = json.loads(body)
        if found["state"] in ("done", "dead"):
            break
        time.sleep(_LOOK_EVERY)
    return found


def _url() -> str:
    return client_settings()[0].rstrip("/")


def _ask(request: urllib.request.Request) -> tuple[bytes, Mapping[str, str]]:
    try:
        with urllib.request.urlopen(request, timeout=_WITHIN) as response:
            return response.read(), response.headers
    except urllib.error.HTTPError as error:
        raise click.ClickException(f"The bot answered {error.code}: {_message(error)}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise click.ClickException(f"No bot answers at {_url()} ({reason}); is it running, and is MUSTER_URL right?") from error


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)


def _told(kind: Source, receipt: Mapping[str, Any]) -> Iterator[str]:
    """What became of the sample, in sentences."""
    yield f"The bot took a sample of {kind.name} for {receipt['source']}."
    if receipt["state"] == "dead":
        yield f"It could not be understood: {receipt['error']}"
    elif receipt["state"] != "done":
        yield f"It still waits to be worked off ({receipt['error'] or 'no error'}); look again at its receipt {receipt['id']}."
    elif not receipt["outcome"]:
        yield "There is no alert in it."
    for outcome in receipt["outcome"] or ():
        yield f"“{outcome['title']}”: {outcome['reason']}" + ("" if outcome["reason"].endswith(".") else ".")
