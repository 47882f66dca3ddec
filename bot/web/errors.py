"""The outermost layer: request ids, counting, and errors as JSON with a stable code and a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot import telemetry
from bot.clock import new_request_id
from bot.errors import Conflict, InvalidTransition, Malformed, NotAllowed, NotFound, Refused
from bot.loop import outlive
from bot.web import refusals
from bot.web.edge import HEADERS, answer, edge_of, refusal
from bot.web.prompt import BUSY_FOR, Prompt
from bot.web.room import Full

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_STATUS: tuple[tuple[type[Refused], int], ...] = (
    (InvalidTransition, 409),
    (NotAllowed, 403),
    (NotFound, 404),
    (Malformed, 400),
    (Refused, 400),
)


_BROKEN = "Something broke here, and whether it was kept is not certain. Look first; the log says what broke, under this request's id."
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "unsupported_media_type",
    422: "unprocessable",
    503: "busy",
}
"""The code of an error that aiohttp or a handler names by its status alone; the same whatever the sentence beside it says."""


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives every request an id, every error a sentence, and counts both."""
    given = request.headers.get("X-Request-Id")
    request_id = given if given is not None and telemetry.is_request_id(given) else new_request_id()
    clock = edge_of(request).clock
    started = clock.monotonic()
    telemetry.work_on(request_id)
    response = await outlive(_answer(request, handler), None, "request_broke", method=request.method, path=_place(request))
    if response is None:
        response = refusal(500, "internal", _BROKEN)
    refusals.note(request, response.status)
    telemetry.count_request(_place(request), response.status, clock.monotonic() - started)
    if not response.prepared and not isinstance(response, Prompt):
        response.headers["X-Request-Id"] = request_id
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _http_error(error)
    except Refused as error:
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        return _refused(status, error)
    except web.RequestPayloadError:
        return refusal(400, Malformed.code, "The body cannot be unpacked.")
    except Full as error:
        return refusal(503, "busy", str(error), **{"Retry-After": BUSY_FOR})
    except Conflict:
        return refusal(503, "busy", "Too many changes at once. Send it again in a second.", **{"Retry-After": "1"})
    except TimeoutError:
        return refusal(408, "too_slow", "The request took too long to arrive. Send it again.")


def _place(request: web.Request) -> str:
    """The address as the router knows it: what stands in its place may be a secret."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


def _refused(status: int, error: Refused) -> web.Response:
    """The refusal's code and sentence; each of its reasons too, where several things stand against it."""
    reasons = {"reasons": [dict(reason) for reason in error.reasons]} if error.reasons else {}
    return answer(status, {"code": error.code, "message": str(error), **reasons})


def _http_error(error: web.HTTPException) -> web.Response:
    sentences = {
        404: "There is nothing here.",
        405: f"This address does not take {'this method' if not error.headers.get('Allow') else 'that method'}.",
        413: "The body is larger than 1 MiB.",
    }
    message = sentences.get(error.status, error.reason or "The request could not be answered.")
    allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return refusal(error.status, _CODES.get(error.status, "error"), message, **allowed)
