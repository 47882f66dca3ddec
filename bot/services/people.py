"""Who somebody is, and what they may do; checked here, whichever way they came in."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable
from typing import Any

from bot.domain.access import Access, Token
from bot.domain.incidents import Incident
from bot.domain.people import Member, Profile
from bot.domain.policy import Person
from bot.domain.timeline import EntryKind
from bot.errors import NotAllowed, NotFound
from bot.services.work import UnitOfWork
from bot.store import escalations, incidents, people, policies, timeline

_MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|(?P<label>[^>]*))?>")
_GROUP = re.compile(r"<!subteam\^(?P<id>[A-Z0-9]+)(?:\|(?P<label>[^>]*))?>")
_CHANNEL = re.compile(r"<#(?P<id>[A-Z0-9]+)(?:\|(?P<label>[^>]*))?>")
_NAMED_AT_MOST = 100
"""People of one message who are looked up; nobody mentions more of them but to keep us busy."""
_LINK = re.compile(r"<(?P<address>(?:https?://|mailto:)[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
_SPECIAL = re.compile(r"<!(?P<what>here|channel|everyone)(?:\|[^>]*)?>")


async def activate_policy(work: UnitOfWork) -> None:
    """Keeps the policy in force as a row, and makes rows of its people; who left the policy keeps no access by it."""
    await policies.add_policy(work.tx, work.policy, work.now)
    known = {member.key: member for member in await people.list_policy_people(work.tx)}
    for key, member in known.items():
        if key is not None and key not in work.policy.people and not key.startswith("token:"):
            values = {"key": None, "phone": None, "access": Access.NONE.value}
            await people.change_person(work.tx, member.id, **values)
    for key, person in work.policy.people.items():
        await _keep(work, key, person, known.get(key))


async def _keep(work: UnitOfWork, key: str, person: Person, member: Member | None) -> None:
    values: dict[str, Any] = {"key": key, "slack_user_id": person.slack, "phone": person.phone, "email": person.email}
    if member is None and person.slack is not None:
        member = await people.find_by_slack(work.tx, person.slack)
    if member is None:
        await people.add_person(work.tx, name=person.name, access=person.access, **values)
        return
    opted_out_at = member.opted_out_at if member.phone == person.phone else None
    verified_at = member.phone_verified_at if member.phone == person.phone else None
    values |= {"name": person.name, "access": person.access.value, "opted_out_at": opted_out_at, "phone_verified_at": verified_at}
    await people.change_person(work.tx, member.id, **values)


async def who_in_slack(work: UnitOfWork, user_id: str, user_name: str) -> Member:
    """The person behind a Slack user; somebody new is kept with the access that the policy gives to strangers."""
    found = await people.find_by_slack(work.tx, user_id)
    if found is not None:
        return found
    access = work.policy.access.default
    return await people.add_person(work.tx, name=user_name or user_id, access=access, slack_user_id=user_id)


async def introduce(work: UnitOfWork, profile: Profile) -> None:
    """Keeps what Slack says of a user whom the policy does not name: the name, and the access that strangers or guests have."""
    access = work.policy.access.guests if profile.guest else work.policy.access.default
    name = profile.name[:80] or profile.user_id
    known = await people.find_by_slack(work.tx, profile.user_id)
    if known is None:
        await people.add_person(work.tx, name=name, access=access, slack_user_id=profile.user_id)
    elif known.key is None and (known.name, known.access) != (name, access):
        await people.change_person(work.tx, known.id, name=name, access=access.value)


async def take_for_guest(work: UnitOfWork, user_id: str) -> None:
    """Keeps a user of whom Slack says nothing but that they are from elsewhere as a guest; whoever is known already stays who they are."""
    if await people.find_by_slack(work.tx, user_id) is None:
        await people.add_person(work.tx, name=user_id, access=work.policy.access.guests, slack_user_id=user_id)


async def strangers(work: UnitOfWork, user_ids: Collection[str]) -> set[str]:
    """Those of the Slack users whom the policy does not name, so that Slack has to be asked who they are."""
    return {user_id for user_id in user_ids if (found := await people.find_by_slack(work.tx, user_id)) is None or found.key is None}


async def list_slack_ids(work: UnitOfWork, person_ids: Iterable[str]) -> dict[str, str]:
    """The members of the workspace behind people, by person id."""
    members = [await people.get_person(work.tx, person_id) for person_id in person_ids]
    return {member.id: member.slack_user_id for member in members if member.slack_user_id}


async def in_readable_words(work: UnitOfWork, text: str) -> str:
    """What somebody wrote, with people, groups and channels by name instead of by id, and Slack's escapes taken back (complaint 19)."""
    wanted = list(dict.fromkeys(match["id"] for match in _MENTION.finditer(text)))[:_NAMED_AT_MOST]
    known = {user_id: await people.find_by_slack(work.tx, user_id) for user_id in wanted}
    named = {user_id: member.name for user_id, member in known.items() if member is not None}
    text = _MENTION.sub(lambda match: f"@{named.get(match['id']) or match['label'] or match['id']}", text)
    groups = work.group_names
    text = _GROUP.sub(lambda match: f"@{(groups.get(match['id']) or match['label'] or match['id']).removeprefix('@')}", text)
    text = _CHANNEL.sub(lambda match: f"#{match['label'] or match['id']}", text)
    text = _LINK.sub(_readable_link, text)
    return html.unescape(_SPECIAL.sub(lambda match: f"@{match['what']}", text))


def _readable_link(match: re.Match[str]) -> str:
    address, label = match["address"].removeprefix("mailto:"), match["label"]
    return address if label is None or label == address or address.endswith(f"//{label}") else f"{label} ({address})"


async def find_key(work: UnitOfWork, key: str) -> Member | None:
    """The person whom the policy calls ``key``, or under whose name a token acts."""
    return await people.find_by_key(work.tx, key)


async def by_key(work: UnitOfWork, key: str) -> Member:
    """The person whom the policy calls ``key``; raises NotFound."""
    found = await find_key(work, key)
    if found is None:
        raise NotFound(f"The policy knows nobody called {key[:80]!r}.")
    return found


async def of_token(work: UnitOfWork, token: Token) -> Member:
    """The row under which a token acts that stands for nobody of the policy."""
    key = f"token:{token.name}"
    found = await people.find_by_key(work.tx, key)
    return found or await people.add_person(work.tx, name=token.name, access=token.access, key=key)


async def may_see(work: UnitOfWork, member: Member, incident: Incident) -> bool:
    """Whether the person may see the incident: a private one only who has a part in it, or answers for the whole house."""
    if not incident.private or member.access in (Access.OWNER, Access.HQ):
        return member.access.may_read
    roles = await incidents.list_roles(work.tx, incident.id)
    called = {page.person_id for page in await escalations.list_pages(work.tx, incident.id)}
    parts = {incident.declared_by, incident.owner_id, incident.acknowledged_by, *roles.values()} | called
    return member.access.may_read and (member.id in parts or await timeline.took_part(work.tx, incident.id, member.id))


async def seen_by(work: UnitOfWork, member: Member, incident: Incident) -> Incident:
    """The incident when the person may see it; else NotFound, in the words of one that does not exist."""
    if not await may_see(work, member, incident):
        raise NotFound(unknown(incident.reference))
    return incident


def unknown(reference: str) -> str:
    """What is said of an incident that is not there, or not for the asker."""
    return f"There is no incident {reference.strip()[:40]}. `/incident list` shows the open ones."


def require_act(member: Member) -> None:
    """Raises NotAllowed unless the person may change incidents."""
    if not member.access.may_act:
        raise NotAllowed(f"Your access is “{member.access.value}”, which cannot change incidents. Ask an owner to change it in the policy.")


def require_read(member: Member) -> None:
    """Raises NotAllowed unless the person may see incidents."""
    if not member.access.may_read:
        raise NotAllowed("You have no access here. Ask an owner to add you to the policy.")


async def write_denial(work: UnitOfWork, person_id: str | None, what: str) -> None:
    """Writes into the audit that something was refused."""
    await work.write(EntryKind.DENIED, None, actor_id=person_id, facts={"what": what[:200]})
