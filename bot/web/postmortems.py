"""The API of postmortems: drafted, saved, waived; and the availability that incidents leave (J15, W10, S10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from aiohttp import web
from pydantic import BaseModel

from bot.domain.availability import Availability, budget
from bot.messages import availability as words
from bot.services import availability, postmortems
from bot.services.work import UnitOfWork
from bot.web.callers import ROOT, Answer, Caller, acting, actor_of, incident_for, reader_of
from bot.web.edge import answer, edge_of
from bot.web.models import Postmortem, SkipPostmortem

_ONE = f"{ROOT}/incidents/{{reference}}/postmortem"
_SKIP = f"{_ONE}/skip"
_AVAILABILITY = f"{ROOT}/availability"
MODELS: Mapping[str, tuple[str, type[BaseModel]]] = {_ONE: ("put", Postmortem), _SKIP: ("post", SkipPostmortem)}
READ = (_ONE, _AVAILABILITY)


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get(_ONE, _get)
    app.router.add_put(_ONE, acting(Postmortem, _save))
    app.router.add_post(_SKIP, acting(SkipPostmortem, _waive))
    app.router.add_get(_AVAILABILITY, _availability)


async def _draft(work: UnitOfWork, caller: Caller, reference: str) -> Answer:
    drafted = await postmortems.draft(work, (await incident_for(work, caller, reference)).id)
    return {"reference": drafted.incident.reference, "version": drafted.version, "markdown": drafted.markdown}


async def _get(request: web.Request) -> web.Response:
    caller = reader_of(request)
    return answer(200, await edge_of(request).services.run(_draft, caller, request.match_info["reference"]))


async def _save(work: UnitOfWork, caller: Caller, wanted: Postmortem, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    saved = await postmortems.save(work, incident.id, person.id, wanted.markdown)
    return {
        "reference": incident.reference,
        "version": saved.version,
        "empty": list(saved.empty),
        "kept": saved.kept,
        "owed": saved.owed,
        "findings": [asdict(finding) for finding in saved.findings],
        "message": saved.said,
    }


async def _waive(work: UnitOfWork, caller: Caller, wanted: SkipPostmortem, reference: str) -> Answer:
    person, incident = await actor_of(work, caller, reference)
    await postmortems.waive(work, incident.id, replace(person, access=caller.token.access), wanted.reason)
    return {"reference": incident.reference, "waived": wanted.reason}


async def _availability(request: web.Request) -> web.Response:
    reader_of(request)
    found = await edge_of(request).services.read(availability.measured)
    return answer(200, {"objectives": [_shown(one) for one in found]})


def _shown(found: Availability) -> Answer:
    """An objective with what became of it; spans in whole seconds, private incidents without their names."""
    objective = found.objective
    return {
        "title": objective.title,
        "target": objective.target,
        "from": (found.until - objective.over).isoformat(),
        "until": found.until.isoformat(),
        "availability": words.share(found),
        "met": found.met,
        "down_seconds": int(found.down.total_seconds()),
        "budget_seconds": int(budget(objective).total_seconds()),
        "left_seconds": int(found.left.total_seconds()),
        "incidents": [
            {"reference": None if one.incident.private else one.incident.reference, "down_seconds": int(one.took.total_seconds())}
            for one in found.shares
        ],
        "sentence": words.sentence(found),
    }
