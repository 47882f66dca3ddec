"""The ticket that a minor incident becomes: sent to the tracker by mail when it is due, or filed by hand under its link (O11)."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.domain.incidents import Incident
from bot.domain.people import Member
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.domain.timers import Timer
from bot.errors import Malformed
from bot.messages import stages as words
from bot.services import informing, promises, situations
from bot.services.outbox import refresh_card, say
from bot.services.people import require_act
from bot.services.work import UnitOfWork
from bot.store import incidents

_LINK_LIMIT = 1000


async def link(work: UnitOfWork, incident_id: str, member: Member, address: str) -> Incident:
    """The incident with the link of its ticket, which keeps the promise of one."""
    require_act(member)
    incident = await situations.hold_unmerged(work, incident_id)
    checked = _checked(address.strip().strip("<>"))
    incident = await incidents.change_incident(work.tx, incident, ticket=checked)
    await work.write(EntryKind.TICKET_LINKED, incident.id, actor_id=member.id, text=checked)
    await promises.keep(work, incident.id, ClockName.TICKET, member.id)
    await say(work, incident.id, words.ticket_linked(await situations.read(work, incident), member.name, checked))
    await refresh_card(work, incident.id)
    return incident


def _checked(address: str) -> str:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, address))
    except ValueError:
        good = False
    if not good or len(address) > _LINK_LIMIT or parts.username is not None:
        raise Malformed("Name the ticket by its link, for example `/incident ticket https://tracker.example.com/OPS-42`.")
    return address


async def due(work: UnitOfWork, timer: Timer) -> None:
    """Sends the facts to the tracker, which keeps the promise; where the policy knows none, the promise is missed."""
    promise, incident = await promises.of_timer(work, timer)
    address = (await work.policy_of(incident.policy_digest)).ticket_mail
    if address is None:
        await promises.miss(work, timer)
        return
    situation = await situations.read(work, incident)
    await informing.mail(work, f"tracker:{address}", address, words.ticket_mail(situation), incident.id)
    await work.write(EntryKind.TICKET_SENT, incident.id, facts={"late_seconds": int((work.now - promise.due_at).total_seconds())})
    await promises.keep(work, incident.id, ClockName.TICKET, None)
    await say(work, incident.id, words.ticket_sent(situation, address))
