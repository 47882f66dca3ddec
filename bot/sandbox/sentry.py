"""Sentry's API, as far as it lists the issues of an organization: its search, its pages, and how it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.faults import Faults, cut, play

LEVELS = ("fatal", "error", "warning", "info", "debug")
PRIORITIES = ("high", "medium", "low")
_STATUSES = ("unresolved", "resolved", "archived")
_MOST = 100
_TERM = re.compile(r"^(?P<not>!?)(?P<name>[a-z.]+):(?P<values>\[[^\[\]]+\]|[^\[\]\s]+)$")
_CURSOR = re.compile(r"^[0-9]+:(?P<offset>[0-9]+):[01]$")
Record = Callable[[str, str, dict[str, Any], int, str | None], None]


@dataclass
class Issue:
    """An issue; ``project`` is a slug."""

    number: int
    title: str
    level: str
    project: str
    priority: str
    environment: str
    status: str = "unresolved"

    @property
    def short_id(self) -> str:
        """How people call it."""
        return f"{self.project.upper()}-{self.number}"


class SentryError(Exception):
    """A refusal, as Sentry words it."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Issues:
    """The issues of one organization, and its projects by number."""

    def __init__(self, organisation: str) -> None:
        self.organisation = organisation
        self.listed: list[Issue] = []
        self.projects: dict[str, int] = {}

    def add(
        self, title: str, level: str = "fatal", project: str = "shop", priority: str = "high", environment: str = "production"
    ) -> Issue:
        """A new unresolved issue; its project is made when it is the first of it."""
        for name, value, known in (("level", level, LEVELS), ("priority", priority, PRIORITIES)):
            if value not in known:
                raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
        self.projects.setdefault(project, 4501 + len(self.projects))
        issue = Issue(len(self.listed) + 1, title, level, project, priority, environment)
        self.listed.append(issue)
        return issue

    def resolve(self, short_id: str) -> None:
        """Resolves an issue; raises LookupError for one that is not there."""
        found = next((issue for issue in self.listed if issue.short_id == short_id), None)
        if found is None:
            raise LookupError(f"there is no issue {short_id!r}")
        found.status = "resolved"

    def search(self, query: str, projects: list[str]) -> list[Issue]:
        """The issues that a search finds, the newest first; raises SentryError for one that Sentry refuses."""
        terms = [_term(term) for term in query.split()]
        numbers = self._numbers(projects)
        found = [issue for issue in self.listed if numbers is None or self.projects[issue.project] in numbers]
        return [issue for issue in reversed(found) if all(fits(issue) for fits in terms)]

    def _numbers(self, projects: list[str]) -> set[int] | None:
        try:
            numbers = {int(project) for project in projects}
        except ValueError as error:
            raise SentryError(400, "Invalid project parameter. Values must be numbers.") from error
        if numbers == {-1}:
            return None
        if not numbers <= set(self.projects.values()):
            raise SentryError(403, "You do not have permission to perform this action.")
        return numbers or None

    def shown(self, issue: Issue, url: str) -> dict[str, Any]:
        """An issue as the API shows it."""
        project = {"id": str(self.projects[issue.project]), "slug": issue.project, "name": issue.project.capitalize()}
        return {
            "id": str(6_000_000_000 + issue.number),
            "shortId": issue.short_id,
            "title": issue.title,
            "culprit": "",
            "permalink": f"{url}/organizations/{self.organisation}/issues/{6_000_000_000 + issue.number}/",
            "level": issue.level,
            "status": issue.status,
            "priority": issue.priority,
            "project": project,
            "type": "error",
            "count": "1",
            "userCount": 0,
        }


def _term(term: str) -> Callable[[Issue], bool]:
    """One term of a search; raises SentryError for what this organization's search does not know."""
    match = _TERM.match(term)
    readers: dict[str, tuple[Callable[[Issue], str], tuple[str, ...] | None]] = {
        "is": (lambda issue: issue.status, _STATUSES),
        "level": (lambda issue: issue.level, LEVELS),
        "issue.priority": (lambda issue: issue.priority, PRIORITIES),
        "environment": (lambda issue: issue.environment, None),
        "project": (lambda issue: issue.project, None),
    }
    if match is None or match["name"] not in readers:
        raise SentryError(400, f"Error parsing search query: Invalid term {term!r}.")
    read, known = readers[match["name"]]
    values = match["values"].strip("[]").split(",")
    if known is not None and not set(values) <= set(known):
        raise SentryError(400, f"Error parsing search query: Invalid value in {term!r}.")
    wanted = not match["not"]
    return lambda issue: (read(issue) in values) == wanted


class SentryApi:
    """The route over one organization's issues. A fault is scripted by the name ``issues``."""

    def __init__(self, issues: Issues, token: str, faults: Faults, record: Record) -> None:
        self._issues, self._token, self._faults, self._record = issues, token, faults, record

    def register(self, app: web.Application) -> None:
        """Mounts the route."""
        app.router.add_get("/api/0/organizations/{organisation}/issues/", self._list)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        asked: dict[str, Any] = {name: request.query.getall(name) for name in request.query}
        fault = self._faults.take("sentry", "issues", None)
        played = await play(request, fault) if fault is not None else None
        if played is not None:
            self._record("sentry", "issues", asked, played.status, fault.kind if fault else None)
            return played
        try:
            answer = self._page(request)
        except SentryError as error:
            answer = web.json_response({"detail": error.detail}, status=error.status)
        self._record("sentry", "issues", asked, answer.status, None if answer.status == 200 else answer.text)
        return cut(request) if fault is not None and fault.kind == "drop_after" else answer

    def _page(self, request: web.Request) -> web.Response:
        self._check(request)
        limit, offset = _number(request.query.get("limit", str(_MOST))), _offset(request.query.get("cursor"))
        found = self._issues.search(request.query.get("query", "is:unresolved"), request.query.getall("project", []))
        base = str(request.url.origin())
        shown = [self._issues.shown(issue, base) for issue in found[offset : offset + limit]]
        before = _link(request, "previous", f"0:{max(0, offset - limit)}:1", offset > 0)
        after = _link(request, "next", f"0:{offset + limit}:0", offset + limit < len(found))
        return web.json_response(shown, headers={"Link": f"{before}, {after}"})

    def _check(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        if not given.startswith("Bearer "):
            raise SentryError(401, "Authentication credentials were not provided.")
        if given != f"Bearer {self._token}":
            raise SentryError(401, "Invalid token")
        if request.match_info["organisation"] != self._issues.organisation:
            raise SentryError(404, "The requested resource does not exist")


def _number(limit: str) -> int:
    if not limit.isdecimal() or not 1 <= int(limit) <= _MOST:
        raise SentryError(400, f"Invalid limit {limit!r}: expected 1 to {_MOST}.")
    return int(limit)


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    match = _CURSOR.match(cursor)
    if match is None:
        raise SentryError(400, "Invalid cursor parameter.")
    return int(match["offset"])


def _link(request: web.Request, rel: str, cursor: str, results: bool) -> str:
    url = request.url.origin().join(request.rel_url.update_query(cursor=cursor))
    return f'<{url}>; rel="{rel}"; results="{str(results).lower()}"; cursor="{cursor}"'
