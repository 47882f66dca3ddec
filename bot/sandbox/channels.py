"""The part of Slack's Web API that is about conversations."""

from __future__ import annotations

from typing import Any

from bot.sandbox import events
from bot.sandbox.methods import Args, Methods, page, required
from bot.sandbox.scopes import kinds_of, truthy
from bot.sandbox.workspace import Channel, Message, SlackError

_TYPES = frozenset(["public_channel", "private_channel", "mpim", "im"])
_NOT_FOR_DMS = "method_not_supported_for_channel_type"
_MOST_AT_ONCE = 100


def _type_of(channel: Channel) -> str:
    return "im" if channel.is_im else "private_channel" if channel.is_private else "public_channel"


class Conversations(Methods):
    """The conversations.* methods."""

    def _channel_shown(self, channel: Channel) -> dict[str, Any]:
        if channel.is_im:
            common = {"id": channel.id, "created": channel.created, "is_im": True, "is_archived": False, "is_private": True}
            return {
                **common,
                "context_team_id": self._state.team_id,
                "is_org_shared": False,
                "user": channel.name,
                "is_user_deleted": False,
            }
        return {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "created": channel.created,
            "creator": channel.creator,
            "context_team_id": self._state.team_id,
            "is_channel": not channel.is_private,
            "is_group": channel.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": channel.is_private,
            "is_archived": channel.archived,
            "is_general": channel.name == "general",
            "is_shared": bool(channel.connected),
            "is_ext_shared": bool(channel.connected),
            "is_org_shared": False,
            "is_member": self._is_in(channel),
            "shared_team_ids": [self._state.team_id, *channel.connected],
            "topic": {"value": events.escape(channel.topic), "creator": "", "last_set": 0},
            "purpose": {"value": events.escape(channel.purpose), "creator": "", "last_set": 0},
            "previous_names": [],
            "unlinked": 0,
        }

    def _counted(self, channel: Channel) -> dict[str, Any]:
        return self._channel_shown(channel) | ({} if channel.is_im else {"num_members": len(channel.members)})

    def _changeable(self, args: Args) -> Channel:
        """A channel whose name, topic, members or archive may be changed: none of somebody's direct messages."""
        if self._visible(args).is_im:
            raise SlackError(_NOT_FOR_DMS)
        return self._channel(args)

    async def _conversations_create(self, args: Args) -> dict[str, Any]:
        state = self._state
        channel = state.create(str(args.get("name") or ""), state.bot_user_id, is_private=truthy(args.get("is_private")))
        self._tell(events.membership(state, channel, state.bot_user_id, "member_joined_channel"))
        return {"channel": self._channel_shown(channel)}

    async def _conversations_open(self, args: Args) -> dict[str, Any]:
        if not args.get("users"):
            raise SlackError("users_list_not_supplied")
        channel = self._dm(str(args["users"]).partition(",")[0])
        return {"channel": {"id": channel.id}}

    def _dm(self, user: str) -> Channel:
        """Somebody's messages with the bot; raises SlackError for who cannot be written to."""
        found = self._state.users.get(user)
        if found is None or found.deleted or found.is_bot:
            raise SlackError("channel_not_found" if found is None else "user_disabled" if found.deleted else "cannot_dm_bot")
        return self._state.open_dm(user)

    async def _conversations_invite(self, args: Args) -> dict[str, Any]:
        channel = self._changeable(args)
        users = list(dict.fromkeys(user for user in str(args.get("users") or "").split(",") if user))
        if not users:
            raise SlackError("no_user")
        if len(users) > _MOST_AT_ONCE:
            raise SlackError("invalid_arguments")
        refused = {user: error for user in users if (error := self._why_not_invited(channel, user)) is not None}
        listed: list[dict[str, Any]] = [{"user": user, "ok": False, "error": error} for user, error in refused.items()]
        if refused and (len(refused) == len(users) or not truthy(args.get("force"))):
            raise SlackError(listed[0]["error"], errors=listed)
        for user in users:
            if user not in refused:
                self._bring_in(channel, user)
        return {"channel": self._channel_shown(channel)} | ({"errors": listed} if listed else {})

    def _bring_in(self, channel: Channel, user: str) -> None:
        state = self._state
        channel.members.add(user)
        message = Message(state.new_ts(), user, f"<@{user}> has joined the channel", subtype=f"{channel.kind}_join")
        self._post(channel, message)
        self._tell(events.membership(state, channel, user, "member_joined_channel", state.bot_user_id))

    def _why_not_invited(self, channel: Channel, user: str) -> str | None:
        if user == self._state.bot_user_id:
            return "cant_invite_self"
        found = self._state.users.get(user)
        if found is None or found.deleted:
            return "user_not_found"
        if user in channel.members:
            return "already_in_channel"
        if found.team_id not in (self._state.team_id, *channel.connected):
            return "no_external_invite_permission"
        return "user_is_restricted" if found.is_restricted and user in self._state.restricted else None

    async def _conversations_kick(self, args: Args) -> dict[str, Any]:
        channel, user, state = self._changeable(args), str(args.get("user") or ""), self._state
        if user not in state.users:
            raise SlackError("user_not_found")
        if user == state.bot_user_id or channel.name == "general":
            raise SlackError("cant_kick_self" if user == state.bot_user_id else "cant_kick_from_general")
        if user not in channel.members:
            raise SlackError("not_in_channel")
        channel.members.discard(user)
        self._tell(events.membership(state, channel, user, "member_left_channel"))
        return {"errors": {}}

    async def _conversations_join(self, args: Args) -> dict[str, Any]:
        channel = self._state.channels.get(str(args.get("channel") or ""))
        if channel is None:
            raise SlackError("channel_not_found")
        if channel.is_private:
            raise SlackError(_NOT_FOR_DMS)
        if channel.archived:
            raise SlackError("is_archived")
        if self._is_in(channel):
            more = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
            return {"channel": self._channel_shown(channel), **more}
        self._bring_in_bot(channel)
        return {"channel": self._channel_shown(channel)}

    def _bring_in_bot(self, channel: Channel) -> None:
        bot = self._state.bot_user_id
        channel.members.add(bot)
        self._tell(events.membership(self._state, channel, bot, "member_joined_channel"))

    async def _conversations_leave(self, args: Args) -> dict[str, Any]:
        channel, state = self._visible(args), self._state
        if channel.is_im or channel.archived or channel.name == "general":
            raise SlackError(_NOT_FOR_DMS if channel.is_im else "is_archived" if channel.archived else "cant_leave_general")
        if not self._is_in(channel):
            return {"ok": False, "not_in_channel": True}
        if len(channel.members) == 1:
            raise SlackError("last_member")
        channel.members.discard(state.bot_user_id)
        self._tell(events.about(state, channel, "left"))
        return {}

    async def _conversations_rename(self, args: Args) -> dict[str, Any]:
        channel, name = self._changeable(args), str(args.get("name") or "")
        if channel.creator != self._state.bot_user_id:
            raise SlackError("not_authorized")
        self._state.check_name(name)
        old, channel.name = channel.name, name
        self._note(channel, f"{channel.kind}_name", f'has renamed the channel from "{old}" to "{name}"')
        self._tell(events.about(self._state, channel, "rename"))
        return {"channel": self._channel_shown(channel)}

    async def _conversations_set_topic(self, args: Args) -> dict[str, Any]:
        channel = self._changeable(args)
        channel.topic = self._brief(args, "topic")
        self._note(channel, f"{channel.kind}_topic", f"set the channel topic: {channel.topic}")
        return {"channel": self._channel_shown(channel)}

    async def _conversations_set_purpose(self, args: Args) -> dict[str, Any]:
        channel = self._changeable(args)
        channel.purpose = self._brief(args, "purpose")
        self._note(channel, f"{channel.kind}_purpose", f"set the channel description: {channel.purpose}")
        return {"channel": self._channel_shown(channel)}

    def _brief(self, args: Args, name: str) -> str:
        text = str(args.get(name) or "")
        if len(text) > 250:
            raise SlackError("too_long")
        return text

    async def _conversations_archive(self, args: Args) -> dict[str, Any]:
        if self._visible(args).archived:
            raise SlackError("already_archived")
        channel, state = self._changeable(args), self._state
        if channel.name == "general":
            raise SlackError("cant_archive_general")
        self._note(channel, f"{channel.kind}_archive", "archived the channel")
        self._tell(events.about(state, channel, "archive", state.bot_user_id))
        channel.archived = True
        channel.members.discard(state.bot_user_id)
        return {}

    async def _conversations_unarchive(self, args: Args) -> dict[str, Any]:
        if not self._visible(args).archived:
            raise SlackError("not_archived")
        raise SlackError("not_in_channel")

    # Reading

    async def _conversations_info(self, args: Args) -> dict[str, Any]:
        channel = self._visible(args)
        return {"channel": self._counted(channel) if truthy(args.get("include_num_members")) else self._channel_shown(channel)}

    async def _conversations_members(self, args: Args) -> dict[str, Any]:
        found = page("members", sorted(self._visible(args).members), args, 1000)
        return {name: value for name, value in found.items() if name != "has_more"}

    def _listed(self, args: Args, *, own: bool) -> list[dict[str, Any]]:
        kinds, hidden = kinds_of(args), truthy(args.get("exclude_archived"))
        if not _TYPES.issuperset(kinds):
            raise SlackError("invalid_types")
        return [
            self._counted(channel)
            for channel in self._state.channels.values()
            if _type_of(channel) in kinds
            and not (hidden and channel.archived)
            and (self._is_in(channel) or not (own or channel.is_private))
        ]

    async def _conversations_list(self, args: Args) -> dict[str, Any]:
        return page("channels", self._listed(args, own=False), args, 1000)

    async def _users_conversations(self, args: Args) -> dict[str, Any]:
        return page("channels", self._listed(args, own=True), args, 999)

    async def _conversations_history(self, args: Args) -> dict[str, Any]:
        channel = self._readable(args)
        found = [message for message in reversed(channel.messages) if _stands_alone(message)]
        return page("messages", [self._in_thread(channel, one, args) for one in _between(found, args)], args, 999)

    async def _conversations_replies(self, args: Args) -> dict[str, Any]:
        channel, ts = self._readable(args), str(args.get("ts") or "")
        required(args, "ts")
        thread = [message for message in channel.messages if ts in (message.ts, message.thread_ts)]
        if not any(message.ts == ts for message in thread):
            raise SlackError("thread_not_found")
        return page("messages", [self._in_thread(channel, one, args) for one in _between(thread, args)], args, 1000)

    def _in_thread(self, channel: Channel, message: Message, args: Args) -> dict[str, Any]:
        """A message with what a thread adds to it."""
        found = events.shown(message, whole=truthy(args.get("include_all_metadata")))
        replies = [one for one in channel.messages if one.thread_ts == message.ts and one is not message]
        if replies:
            who = list(dict.fromkeys(one.user for one in replies))
            count = {"reply_count": len(replies), "reply_users_count": len(who), "reply_users": who, "latest_reply": replies[-1].ts}
            return {**found, "thread_ts": message.ts, **count}
        parent = next((one for one in channel.messages if one.ts == message.thread_ts and one is not message), None)
        return found if parent is None else {**found, "parent_user_id": parent.user}


def _stands_alone(message: Message) -> bool:
    return message.thread_ts in (None, message.ts) or message.subtype == "thread_broadcast"


def _between(messages: list[Message], args: Args) -> list[Message]:
    """The messages between ``oldest`` and ``latest``, without these two unless ``inclusive``."""
    try:
        oldest = float(args.get("oldest") or 0)
    except ValueError as error:
        raise SlackError("invalid_ts_oldest") from error
    try:
        latest = float(args.get("latest") or "inf")
    except ValueError as error:
        raise SlackError("invalid_ts_latest") from error
    edges = (str(args.get("oldest")), str(args.get("latest"))) if truthy(args.get("inclusive")) else ()
    return [one for one in messages if oldest < float(one.ts) < latest or one.ts in edges]
