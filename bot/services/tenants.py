"""Writing to the tenants that an organisation calls critical: only what a person wrote, and each text once (W8)."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.people import Member
from bot.domain.severity import ClockName
from bot.domain.situation import Situation
from bot.domain.tenants import Tenant
from bot.domain.timeline import EntryKind
from bot.domain.triage import Fact, triage
from bot.errors import Malformed, Refused
from bot.messages import stages as words
from bot.messages import texts
from bot.services import informing, promises, situations
from bot.services.outbox import say
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import timeline

_TEXT_LIMIT = 10_000


def concerned(tenants: Mapping[str, Tenant], situation: Situation) -> dict[str, Tenant]:
    """The critical tenants that the incident concerns, by their keys; all of them while nobody knows which."""
    known = triage(situation.alerts, situation.incident.triage).facts.get(Fact.TENANTS, ())
    named = {name.strip().casefold() for name in known}
    return {
        key: tenant
        for key, tenant in tenants.items()
        if tenant.critical and tenant.email and (not named or named & {name.casefold() for name in (key, tenant.name, *tenant.labels)})
    }


async def write(work: UnitOfWork, incident_id: str, member: Member, text: str) -> list[str]:
    """The names of the tenants who are written to, each address by a mail of its own; this keeps the promise to them."""
    require_act(member)
    incident = await situations.hold_unmerged(work, incident_id)
    said = texts.clean(text.strip(), _TEXT_LIMIT)
    if not said:
        raise Malformed("Write what they are to read, for example `/incident tenants Logging in fails since 14:05, we are on it.`")
    policy = await work.policy_of(incident.policy_digest)
    situation = await situations.read(work, incident)
    found = concerned(policy.tenants, situation)
    if not found:
        raise Refused(_nobody(policy.tenants, situation))
    entries = await timeline.list_entries(work.tx, incident.id)
    if any(entry.kind is EntryKind.TENANTS_TOLD and entry.text == said for entry in entries):
        raise Refused("They have that text already. Write what is new.")
    for key, tenant in found.items():
        for address in tenant.email:
            await informing.mail(work, f"tenant:{key}", address, words.to_tenant(said), incident.id)
    names = [tenant.name for tenant in found.values()]
    await work.write(EntryKind.TENANTS_TOLD, incident.id, actor_id=member.id, text=said, facts={"tenants": names})
    await promises.keep(work, incident.id, ClockName.TENANTS, member.id)
    await say(work, incident.id, words.tenants_told(situation, member.name, names, said))
    return names


def _nobody(tenants: Mapping[str, Tenant], situation: Situation) -> str:
    if not any(tenant.critical and tenant.email for tenant in tenants.values()):
        return "The policy has no critical tenant with a mail address, so nobody can be written to. Add them under tenants."
    known = ", ".join(triage(situation.alerts, situation.incident.triage).facts.get(Fact.TENANTS, ()))
    return f"None of the tenants that {situation.incident.reference} concerns is critical ({known[:300]}). Correct what is known."
