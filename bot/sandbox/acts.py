"""What people do to messages and channels; whatever the bot has subscribed to, it is told."""

from __future__ import annotations

from typing import Any

from bot.sandbox import events
from bot.sandbox.delivery import Answer, Delivery
from bot.sandbox.items import react, show_file, unreact
from bot.sandbox.workspace import Channel, File, Message, SlackError


class MessageActs(Delivery):
    """Writing, changing, reacting."""

    async def _happen(self, event: events.Event) -> Answer | None:
        """Delivers what somebody did; None when the bot is not told of it."""
        return await self.event(event) if events.heard(self.state, self.subscriptions, event) else None

    def _present(self, user: str) -> None:
        """Raises SlackError unless the person can do something here."""
        found = self.state.users.get(user)
        if found is None or found.deleted:
            raise SlackError("user_not_found" if found is None else "account_inactive")

    async def _write(self, channel: Channel, message: Message) -> Message:
        channel.messages.append(message)
        await self._happen(events.posted(self.state, channel, message))
        return message

    async def _enter(self, user: str, channel: str) -> Channel:
        """The channel, with the person in it; they join it first when it is open to them."""
        self._present(user)
        where = self.state.find(channel)
        if where.archived:
            raise SlackError("is_archived")
        if user not in where.members and where.is_private:
            raise SlackError("channel_not_found")
        await self.add(user, where.id)
        return where

    async def join(self, user: str, channel: str) -> None:
        """Joins an open channel; raises SlackError for a private one, where somebody has to be added."""
        self._present(user)
        where = self.state.find(channel)
        if where.is_private:
            raise SlackError("method_not_supported_for_channel_type")
        if where.archived:
            raise SlackError("is_archived")
        await self.add(user, where.id)

    async def add(self, user: str, channel: str, by: str | None = None) -> None:
        """Puts somebody into a channel, as its members can; the bot can be added too."""
        where, state = self.state.find(channel), self.state
        if user in where.members:
            return
        where.members.add(user)
        await self._write(where, Message(state.new_ts(), user, f"<@{user}> has joined the channel", subtype=f"{where.kind}_join"))
        await self._happen(events.membership(state, where, user, "member_joined_channel", by))

    async def say(self, user: str, channel: str, text: str, thread_ts: str | None = None, thread_broadcast: bool = False) -> Message:
        """Writes a message, or a reply that ``thread_broadcast`` shows to the channel too."""
        where = await self._enter(user, channel)
        if thread_ts is not None:
            where.message(thread_ts)
        author = self.state.users[user]
        subtype = "thread_broadcast" if thread_ts and thread_broadcast else None
        bot_id = f"B{user[1:]}" if author.is_bot else None
        return await self._write(
            where, Message(self.state.new_ts(), user, events.typed(text), thread_ts=thread_ts, subtype=subtype, bot_id=bot_id)
        )

    async def integration(self, channel: str, text: str, bot_id: str = "B0WEBHOOK") -> Message:
        """What an incoming webhook of another app writes: a ``bot_message``, which nobody signed."""
        return await self._write(self.state.find(channel), Message(self.state.new_ts(), "", text, subtype="bot_message", bot_id=bot_id))

    async def dm(self, user: str, text: str) -> Message:
        """Writes to the bot alone."""
        self._present(user)
        return await self._write(self.state.open_dm(user), Message(self.state.new_ts(), user, events.typed(text)))

    async def upload(self, user: str, channel: str, filename: str, content: bytes | str, text: str = "") -> Message:
        """Shares a file."""
        where, state = await self._enter(user, channel), self.state
        body = content.encode() if isinstance(content, str) else content
        file = File(state.new_id("F"), filename, filename, body, where.id)
        state.files.append(file)
        return await self._write(
            where, Message(state.new_ts(), user, events.typed(text), subtype="file_share", files=[show_file(state, file, user)])
        )

    def _own(self, user: str, channel: str, ts: str, error: str) -> tuple[Channel, Message]:
        where = self.state.find(channel)
        message = where.message(ts)
        if message.user != user:
            raise SlackError(error)
        return where, message

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Changes one's own message."""
        where, message = self._own(user, channel, ts, "cant_update_message")
        previous = events.shown(message)
        message.edit(events.typed(text), self.state.new_ts())
        await self._happen(events.changed(self.state, where, message, previous))

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """Deletes one's own message."""
        where, message = self._own(user, channel, ts, "cant_delete_message")
        where.messages.remove(message)
        await self._happen(events.deleted(self.state, where, message))

    async def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """Adds a reaction; raises SlackError when it is there."""
        where = await self._enter(user, channel)
        message = where.message(ts)
        if not react(message, user, name):
            raise SlackError("already_reacted")
        await self._happen(events.reaction(self.state, where, message, user, name, "reaction_added"))

    async def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """Takes one's own reaction away; raises SlackError when there is none."""
        where = self.state.find(channel)
        message = where.message(ts)
        if not unreact(message, user, name):
            raise SlackError("no_reaction")
        await self._happen(events.reaction(self.state, where, message, user, name, "reaction_removed"))


class ChannelActs(MessageActs):
    """What becomes of channels and of who is in them."""

    async def leave(self, user: str, channel: str) -> None:
        """Leaves a channel."""
        where = self.state.find(channel)
        if user not in where.members:
            raise SlackError("not_in_channel")
        where.members.discard(user)
        await self._happen(events.membership(self.state, where, user, "member_left_channel"))

    async def remove_bot(self, channel: str) -> None:
        """Takes the bot out of a channel."""
        where = self.state.find(channel)
        if self.state.bot_user_id not in where.members:
            raise SlackError("not_in_channel")
        where.members.discard(self.state.bot_user_id)
        await self._happen(events.about(self.state, where, "left"))

    async def _tell_all(self, told: list[events.Event]) -> None:
        for event in told:
            await self.event(event)

    def _about(self, where: Channel, what: str, user: str, note: str = "") -> list[events.Event]:
        """What the bot hears of a change, decided before the change takes it out of the channel; ``note`` is written into the channel."""
        state, found = self.state, [events.about(self.state, where, what, user)]
        if note:
            message = Message(state.new_ts(), user, note, subtype=f"{where.kind}_{'name' if what == 'rename' else what}")
            where.messages.append(message)
            found.insert(0, events.posted(state, where, message))
        return [event for event in found if events.heard(state, self.subscriptions, event)]

    async def archive(self, user: str, channel: str) -> None:
        """Archives a channel, which ejects the bot."""
        where = self.state.find(channel)
        if where.archived or where.name == "general":
            raise SlackError("already_archived" if where.archived else "cant_archive_general")
        told = self._about(where, "archive", user, "archived the channel")
        where.archived = True
        where.members.discard(self.state.bot_user_id)
        await self._tell_all(told)

    async def unarchive(self, user: str, channel: str) -> None:
        """Opens an archived channel again; the bot stays outside."""
        where = self.state.find(channel)
        if not where.archived:
            raise SlackError("not_archived")
        where.archived = False
        await self._tell_all(self._about(where, "unarchive", user))

    async def rename(self, user: str, channel: str, name: str) -> None:
        """Gives a channel another name."""
        where = self.state.find(channel)
        self.state.check_name(name)
        old, where.name = where.name, name
        await self._tell_all(self._about(where, "rename", user, f'has renamed the channel from "{old}" to "{name}"'))

    async def delete_channel(self, channel: str, user: str = "U0ANA") -> None:
        """Deletes a channel with everything in it."""
        where = self.state.find(channel)
        told = self._about(where, "deleted", user)
        del self.state.channels[where.id]
        await self._tell_all(told)

    def private_channel(self, user: str, name: str, members: Any = ()) -> Channel:
        """A private channel of somebody's, with these members."""
        self._present(user)
        channel = self.state.create(name, user, is_private=True)
        channel.members |= set(members)
        return channel
