"""The gate over HTTP: whether one may launch or deploy, for a job to ask; and the freeze by hand (J14)."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel

from bot.domain.readiness import Freeze
from bot.services import gate
from bot.services.work import UnitOfWork
from bot.web import models
from bot.web.callers import ROOT, Answer, Caller, acting, person_of, reader_of
from bot.web.edge import answer, edge_of
from bot.web.models import Thaw

PATH = "/gate"
FREEZE = f"{ROOT}/freeze"
MODELS: Mapping[str, tuple[str, type[BaseModel]]] = {FREEZE: ("post", models.Freeze)}


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get(PATH, _show)
    app.router.add_post(FREEZE, acting(models.Freeze, _freeze))
    app.router.add_delete(FREEZE, acting(Thaw, _thaw))


async def _show(request: web.Request) -> web.Response:
    """200 when nothing closes the gate, 409 with every reason otherwise; for any token that may read. Sentry is asked first."""
    reader_of(request)
    edge = edge_of(request)
    issues = None if edge.sentry is None else await edge.sentry.look(edge.services.policy.gate.sentry)
    found = await edge.services.read(gate.readiness, issues)
    reasons = [{"code": reason.code.value, "sentence": reason.sentence} for reason in found.reasons]
    return answer(200 if found.ready else 409, {"ready": found.ready, "reasons": reasons})


async def _freeze(work: UnitOfWork, caller: Caller, wanted: models.Freeze, _reference: str) -> Answer:
    return _shown(await gate.freeze(work, await person_of(work, caller), wanted.reason))


async def _thaw(work: UnitOfWork, caller: Caller, _wanted: Thaw, _reference: str) -> Answer:
    return _shown(await gate.thaw(work, await person_of(work, caller)))


def _shown(freeze: Freeze) -> Answer:
    return {"author": freeze.author, "reason": freeze.reason, "began_at": freeze.began_at.isoformat()}
