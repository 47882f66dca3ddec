"""The API of bodies that nobody understood: what each said, why it was given up, and another try (RELIABILITY 1)."""

from __future__ import annotations

from aiohttp import web

from bot.services import intake
from bot.services.work import UnitOfWork
from bot.web.arrivals import checked_receipt
from bot.web.callers import ROOT, Answer, Caller, acting, person_of, reader_of
from bot.web.edge import answer, edge_of
from bot.web.models import Retry

MODELS = {f"{ROOT}/intake/{{reference}}/retry": ("post", Retry)}
_SHOWN = 4000
"""Bytes of a body that are shown; its ``size`` says how many there are."""
READ = (f"{ROOT}/intake",)


def register(app: web.Application) -> None:
    """Mounts the routes."""
    app.router.add_get(f"{ROOT}/intake", _list)
    app.router.add_post(f"{ROOT}/intake/{{reference}}/retry", acting(Retry, _retry))


async def _list(request: web.Request) -> web.Response:
    reader_of(request)
    found = await edge_of(request).services.read(intake.list_stuck)
    return answer(200, {"bodies": [_shown(body) for body in found]})


def _shown(body: Answer) -> Answer:
    """A body by its receipt, with its words as text; secrets were taken out of them before they were stored."""
    return {
        "receipt": body["id"],
        "source": body["source"],
        "received_at": body["received_at"].isoformat(),
        "attempts": body["attempts"],
        "reason": body["error"],
        "body": body["body"][:_SHOWN].decode("utf-8", "replace"),
        "size": len(body["body"]),
    }


async def _retry(work: UnitOfWork, caller: Caller, _wanted: Retry, reference: str) -> Answer:
    await person_of(work, caller)
    await intake.retry(work, checked_receipt(reference))
    return {"receipt": reference, "url": f"/alerts/receipts/{reference}"}
