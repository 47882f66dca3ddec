"""Heartbeats come in: GET, HEAD or POST at an address that a job, a probe or a watchdog can call when it is alive (W5)."""

from __future__ import annotations

import hmac

from aiohttp import web

from bot import telemetry
from bot.services import signals
from bot.web.bodies import read_body
from bot.web.edge import answer, edge_of, refusal

_NOBODY = b"a secret that no heartbeat has"
_FAIL = "fail"


def register(app: web.Application) -> None:
    """Mounts the routes."""
    for path in ("/heartbeat/{name}", "/heartbeat/{name}/{tail:.*}"):
        app.router.add_get(path, take)
        app.router.add_post(path, take)


async def take(request: web.Request) -> web.Response:
    """200 once it is written down that the heartbeat was heard, or that it failed; 404 for one that there is not, 401 without its secret.

    Behind the name may stand the secret, ``fail``, or both in this order; anything else is 404, lest a misspelt ``fail`` counts as alive.
    Whatever body comes along is read and thrown away. An unknown name costs the same time as a wrong secret.
    """
    edge, name = edge_of(request), request.match_info["name"]
    rule, expected = edge.services.policy.heartbeats.get(name), edge.doors.heartbeat_secrets.get(name, _NOBODY)
    rest, failed = _tail(request.match_info.get("tail", ""))
    in_path = _is(rest, expected)
    elsewhere = [_is(given, expected) for given in (_bearer(request), request.query.get("token", ""))]
    if rule is None or not rule.outside:
        telemetry.count_refused_request("heartbeat", "unknown_heartbeat")
        return refusal(404, "unknown_heartbeat", "There is no heartbeat of that name that can be sent here.")
    if not (in_path or any(elsewhere) or rule.unsigned):
        telemetry.count_refused_request("heartbeat", "wrong_secret")
        return refusal(401, "wrong_secret", "The heartbeat's secret is missing or wrong.")
    if rest and not in_path:
        raise web.HTTPNotFound
    await read_body(request)
    await edge.services.run(signals.beat, name, failed=failed)
    return answer(200, {"heartbeat": name, "heard": "failed" if failed else "alive"})


def _tail(tail: str) -> tuple[str, bool]:
    """What stands behind the name of a heartbeat: its secret, if any, and whether it says that it failed."""
    rest, _, last = tail.strip("/").rpartition("/")
    return (rest, True) if last == _FAIL else (tail.strip("/"), False)


def _is(given: str, expected: bytes) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected)


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
