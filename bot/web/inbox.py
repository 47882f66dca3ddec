"""The API of what wakes nobody: the inbox and its alerts in bulk, and silences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web
from pydantic import BaseModel

from bot.clock import new_id
from bot.domain.alert import AlertRow
from bot.domain.durations import parse_span
from bot.domain.silences import Silence, checked
from bot.errors import Malformed
from bot.services import inbox, silences, situations
from bot.services.work import UnitOfWork
from bot.web import models
from bot.web.callers import ROOT, Answer, Caller, acting, actor_of, incident_for, person_of, reader_of
from bot.web.edge import answer, edge_of
from bot.web.models import Chosen, DeclareFrom, EndSilence
from bot.web.representation import shown

MODELS: Mapping[str, tuple[str, type[BaseModel]]] = {
    f"{ROOT}/alerts/declare": ("post", DeclareFrom),
    f"{ROOT}/alerts/dismiss": ("post", Chosen),
    f"{ROOT}/silences": ("post", models.Silence),
    f"{ROOT}/silences/{{reference}}/end": ("post", EndSilence),
}
READ = (f"{ROOT}/alerts", f"{ROOT}/silences")


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get(f"{ROOT}/alerts", _list_alerts)
    app.router.add_post(f"{ROOT}/alerts/declare", acting(DeclareFrom, _declare_from))
    app.router.add_post(f"{ROOT}/alerts/dismiss", acting(Chosen, _dismiss))
    app.router.add_get(f"{ROOT}/silences", _list_silences)
    app.router.add_post(f"{ROOT}/silences", acting(models.Silence, _silence))
    app.router.add_post(f"{ROOT}/silences/{{reference}}/end", acting(EndSilence, _end_silence))


async def attach(work: UnitOfWork, caller: Caller, wanted: Chosen, reference: str) -> Answer:
    """Makes alerts those of the incident in the address; of an incident that the caller may not see none can be taken."""
    person, incident = await actor_of(work, caller, reference)
    await _may_take(work, caller, wanted.alerts)
    return shown(await situations.read(work, await inbox.attach(work, person, incident.id, wanted.alerts)))


async def detach(work: UnitOfWork, caller: Caller, wanted: Chosen, reference: str) -> Answer:
    """Puts alerts of the incident in the address back into the inbox."""
    person, incident = await actor_of(work, caller, reference)
    await _may_take(work, caller, wanted.alerts)
    return shown(await situations.read(work, await inbox.detach(work, person, incident.id, wanted.alerts)))


async def _declare_from(work: UnitOfWork, caller: Caller, wanted: DeclareFrom, _reference: str) -> Answer:
    person = await person_of(work, caller)
    await _may_take(work, caller, wanted.alerts)
    declared = await inbox.declare_from(work, person, f"api:{new_id()}", wanted.alerts, wanted.title, wanted.severity)
    return shown(await situations.read(work, declared))


async def _dismiss(work: UnitOfWork, caller: Caller, wanted: Chosen, _reference: str) -> Answer:
    person = await person_of(work, caller)
    await _may_take(work, caller, wanted.alerts)
    return {"dismissed": await inbox.dismiss(work, person, wanted.alerts)}


async def _may_take(work: UnitOfWork, caller: Caller, alert_ids: Sequence[str]) -> None:
    for reference in await inbox.incidents_of(work, alert_ids):
        await incident_for(work, caller, reference)


async def _list_alerts(request: web.Request) -> web.Response:
    reader_of(request)
    found = await edge_of(request).services.read(inbox.listed)
    return answer(200, {"alerts": [_alert(row) for row in found]})


def _alert(row: AlertRow) -> Answer:
    return {
        "id": row.id,
        "source": row.source,
        "title": row.title,
        "status": row.status.value,
        "labels": dict(row.labels),
        "url": row.url,
        "count": row.count,
        "first_received_at": row.first_received_at.isoformat(),
        "last_received_at": row.last_received_at.isoformat(),
        "reason": row.reason,
        "unreadable": row.unreadable,
    }


async def _list_silences(request: web.Request) -> web.Response:
    reader_of(request)
    found = await edge_of(request).services.read(silences.live)
    planned = [{"name": one.name, "match": {name: list(globs) for name, globs in one.match.items()}} for one in found.planned]
    return answer(200, {"silences": [_shown(one) for one in found.said], "maintenance": planned})


def _shown(silence: Silence) -> Answer:
    return {
        "number": silence.number,
        "match": {name: list(globs) for name, globs in silence.match.items()},
        "starts_at": silence.starts_at.isoformat(),
        "ends_at": silence.ends_at.isoformat(),
        "author": silence.author,
        "comment": silence.comment,
        "ended_at": silence.ended_at and silence.ended_at.isoformat(),
        "ended_by": silence.ended_by,
    }


async def _silence(work: UnitOfWork, caller: Caller, wanted: models.Silence, _reference: str) -> Answer:
    person = await person_of(work, caller)
    try:
        span = parse_span(wanted.span)
    except ValueError as error:
        raise Malformed(f"span: {error}.") from error
    return _shown(await silences.add(work, person, checked(span, wanted.match, wanted.comment)))


async def _end_silence(work: UnitOfWork, caller: Caller, _wanted: EndSilence, reference: str) -> Answer:
    person = await person_of(work, caller)
    if not reference.isdecimal() or len(reference) > 9:
        raise Malformed("A silence is named by its number.")
    return _shown(await silences.end(work, person, int(reference)))
