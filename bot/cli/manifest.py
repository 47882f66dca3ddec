"""The manifest of the Slack app: what it asks of a workspace, each with its reason, in Socket Mode or over HTTP (C1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

SCOPES: Mapping[str, str] = {
    "commands": "/incident and the shortcuts",
    "chat:write": "the status card, notices, answers, direct messages",
    "channels:manage": "make a public channel for an incident, set its topic, invite responders",
    "channels:read": "find the announce channel, read a topic before changing it, adopt a channel whose creation was not answered",
    "channels:join": "join the announce channel, and come back to a public channel",
    "channels:history": "what is written in an incident's channel becomes its timeline; gaps are healed after downtime",
    "groups:write": "make a private channel for a private incident, set its topic, invite responders",
    "groups:read": "see the private channels that Muster was invited to, and adopt a private one whose creation was not answered",
    "groups:history": "the timeline of a private incident",
    "reactions:read": "a :pushpin: puts a message on the timeline",
    "pins:write": "pin the status card",
    "bookmarks:read": "look whether the card is bookmarked already, for Slack takes the same bookmark twice",
    "bookmarks:write": "bookmark the status card",
    "files:write": "share the postmortem as a file",
    "users:read": "readable names, and no guests, bots or strangers at the controls",
    "users:read.email": "compare the addresses that pages go to with those that Slack knows",
}
"""What the bot token has to be allowed, and what is lost without it."""

OPTIONAL_SCOPES: Mapping[str, str] = {
    "usergroups:read": "readable names of user groups (paid plans)",
}
"""What may be added by hand; the manifest holds it as comments."""

EVENTS: Mapping[str, str] = {
    "message.channels": "what is written, edited and deleted in a public channel",
    "message.groups": "the same in a private one",
    "reaction_added": "a :pushpin: puts a message on the timeline",
    "reaction_removed": "and taking it away takes the message off",
    "app_home_opened": "the Home tab shows what is open when it is looked at",
    "channel_archive": "an incident's channel was archived",
    "group_archive": "a private one was",
    "channel_deleted": "an incident's channel was deleted",
    "group_deleted": "a private one was",
    "channel_left": "Muster was removed from a channel",
    "group_left": "Muster was removed from a private one",
    "member_joined_channel": "who came to an incident",
    "member_left_channel": "who left it",
    "channel_rename": "an incident's channel has another name",
    "group_rename": "a private one has",
}
"""What Slack has to tell us, and what for."""

EVENTS_PATH = "/slack/events"
_SOCKET_HEAD = """\
# The Slack app of Muster in Socket Mode: no public address is needed. Create the app from this file at
# https://api.slack.com/apps?new_app=1 (From a manifest). Over HTTP instead: muster init --mode http --url https://…
"""
_HTTP_HEAD = """\
# The Slack app of Muster over HTTP: Slack posts to {url}. Create the app from this file at
# https://api.slack.com/apps?new_app=1 (From a manifest); once the bot runs, have Slack check the address: Event Subscriptions, Retry.
"""
_BODY = """\
display_information:
  name: Muster
  description: Opens, runs and closes incidents, and keeps their promises
  background_color: "#1f2937"
features:
  app_home:
    home_tab_enabled: true
    messages_tab_enabled: true
    messages_tab_read_only_enabled: true   # Muster writes there; what is written to it there it may not read
  bot_user:
    display_name: muster
    always_online: true
  shortcuts:
    - name: Declare incident
      type: global
      callback_id: incident.declare
      description: Open an incident from anywhere
    - name: Declare incident
      type: message
      callback_id: incident.declare_from
      description: Open an incident from this message
    - name: Add to timeline
      type: message
      callback_id: incident.add_to_timeline
      description: Put this message on the incident's timeline
  slash_commands:
    - command: /incident
{command_url}\
      description: Declare and run an incident
      usage_hint: "declare [severity] title, ack, update, resolve, help"
      should_escape: true                  # so that @ana arrives as a person, not as a word
oauth_config:
  scopes:
    bot:
{scopes}
settings:
  event_subscriptions:
{request_url}\
    bot_events:
{events}
  interactivity:
    is_enabled: true
{request_url}\
  org_deploy_enabled: false
  socket_mode_enabled: {socket_mode}
  token_rotation_enabled: false
"""


def render(url: str | None = None) -> str:
    """The manifest as YAML: for Socket Mode, or for HTTP when ``url`` says where Slack reaches the bot (without / at its end)."""
    address = None if url is None else f"{url}{EVENTS_PATH}"
    body = _BODY.format(
        command_url="" if address is None else f"      url: {address}\n",
        request_url="" if address is None else f"    request_url: {address}\n",
        scopes="\n".join((*_items(SCOPES), *_items(OPTIONAL_SCOPES, mark="# - "))),
        events="\n".join(_items(EVENTS)),
        socket_mode="true" if address is None else "false",
    )
    return (_SOCKET_HEAD if address is None else _HTTP_HEAD.format(url=url)) + body


def _items(reasons: Mapping[str, str], mark: str = "- ") -> Iterator[str]:
    width = max(len(f"{mark}{name}") for name in reasons)
    for name, reason in reasons.items():
        yield f"      {f'{mark}{name}':<{width}}   # {reason}"
