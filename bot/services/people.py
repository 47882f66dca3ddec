"""Who somebody is, and what they may do; checked here, whichever way they came in."""

from __future__ import annotations

from typing import Any

from bot.domain.people import Member
from bot.domain.policy import Access, Person, Token
from bot.domain.timeline import EntryKind
from bot.errors import NotAllowed, NotFound
from bot.services.work import UnitOfWork
from bot.store import people, policies


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


async def by_key(work: UnitOfWork, key: str) -> Member:
    """The person whom the policy calls ``key``; raises NotFound."""
    found = await people.find_by_key(work.tx, key)
    if found is None:
        raise NotFound(f"The policy knows nobody called {key[:80]!r}.")
    return found


async def of_token(work: UnitOfWork, token: Token) -> Member:
    """The row under which a token acts that stands for nobody of the policy."""
    key = f"token:{token.name}"
    found = await people.find_by_key(work.tx, key)
    return found or await people.add_person(work.tx, name=token.name, access=token.access, key=key)


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
