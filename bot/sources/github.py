"""GitHub: workflows, checks and deployments that fail, and the success of the same one, which ends it.

A workflow, suite or check is told apart by its repository, the repository of the branch (a fork's ``main`` is not ours) and the branch; a
deployment by its environment. Everything else that a repository says is ignored by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, link_of, moment_of, object_of, stamp_of, status_of, text_of, title_of, word_of
from bot.sources.nested import parse
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Hmac, Source

_EVENT, _DELIVERY = "x-github-event", "x-github-delivery"
_SIGNATURE = Hmac("x-hub-signature-256", "sha256=")
_STATES = {
    "failure": AlertStatus.FIRING,
    "error": AlertStatus.FIRING,
    "timed_out": AlertStatus.FIRING,
    "startup_failure": AlertStatus.FIRING,
    "success": AlertStatus.RESOLVED,
}
_SAID = {
    "failure": "failed",
    "error": "failed",
    "timed_out": "timed out",
    "startup_failure": "could not start",
    "success": "succeeded",
}
_NOTHING = frozenset({"cancelled", "skipped", "neutral", "stale", "action_required"})
_UNDER_WAY = frozenset({"pending", "queued", "in_progress", "waiting", "inactive"})
_SHAPES = (
    ("zen", "ping"),
    ("deployment_status", "deployment_status"),
    ("check_run", "check_run"),
    ("workflow_job", "workflow_job"),
    ("deployment", "deployment"),
    ("check_suite", "check_suite"),
    ("workflow_run", "workflow_run"),
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one kind of event says about itself: what it is called, where it ran, and how it ended."""

    state: str
    name: str
    where: str
    key: tuple[Any, ...]
    labels: Mapping[str, str]
    said: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    ended: Any = None


def read(delivery: Delivery) -> Reading:
    """The failure or success of a workflow, a check or a deployment; all else is ignored by name."""
    payload = _payload(delivery)
    event = word_of(delivery.headers.get(_EVENT)) or _event(payload)
    reader = _READERS.get(event)
    if reader is None:
        return Reading(ignored=(_ignored(event, payload),))
    subject = object_of(payload.get(event), event)
    action, state = word_of(payload.get("action")), word_of(subject.get("conclusion") or subject.get("state"))
    if (event != "deployment_status" and action != "completed") or state in _NOTHING or state in _UNDER_WAY:
        return Reading(ignored=(f"GitHub's {event} is {action}: {state or 'not over'}; only how it ended, well or badly, counts.",))
    return single(delivery.source, payload, lambda: _alert(delivery.source, payload, reader(payload), event))


def _payload(delivery: Delivery) -> Mapping[str, Any]:
    """The body, or what a form holds in its field ``payload``; raises Malformed when that is no JSON object."""
    payload = object_of(delivery.payload, "the body")
    inside = payload.get("payload")
    if isinstance(inside, str) and "repository" not in payload:
        return object_of(parse(inside, "payload"), "payload")
    return payload


def _event(payload: Mapping[str, Any]) -> str:
    """The event that a body without the header is about, told by its shape; raises Malformed when GitHub never wrote it."""
    event = next((event for name, event in _SHAPES if payload.get(name) is not None), "")
    if not event and not {"repository", "organization", "sender", "action"} & payload.keys():
        raise Malformed("the body: expected an event of GitHub, with its repository and its sender.")
    return event or "event without a name"


def _ignored(event: str, payload: Mapping[str, Any]) -> str:
    if event == "ping":
        return f"GitHub's ping of {_repository(payload) or 'the webhook'}: it reaches us."
    return f"GitHub's {text_of(event, 60)} ({word_of(payload.get('action')) or 'no action'}) is no alert."


def _alert(source: str, payload: Mapping[str, Any], part: _Part, event: str) -> Alert:
    status = status_of(part.state, _STATES, f"{event}.conclusion")
    repository = _repository(payload)
    place = f"{part.where} ({repository})" if repository else part.where
    return Alert(
        source=source,
        fingerprint=f"{event}:{fingerprint_of(at(payload, 'repository', 'id') or repository, *part.key)}",
        status=status,
        title=title_of(f"{part.name} {_SAID[part.state]} on {place}"),
        starts_at=None,
        ends_at=moment_of(part.ended) if status is AlertStatus.RESOLVED else None,
        labels=filled(service=at(payload, "repository", "name"), repository=repository, conclusion=part.state) | dict(part.labels),
        annotations=dict(part.said) | filled(source_url=_commit(payload, part.said.get("release", "")), latest_seen=stamp_of(part.ended)),
        url=part.url or _commit(payload, part.said.get("release", "")),
    )


def _repository(payload: Mapping[str, Any]) -> str:
    return text_of(at(payload, "repository", "full_name") or at(payload, "organization", "login"), 200)


def _commit(payload: Mapping[str, Any], sha: str) -> str | None:
    page = link_of(at(payload, "repository", "html_url"))
    return link_of(f"{page}/commit/{sha}") if page and sha else page


def _workflow_run(payload: Mapping[str, Any]) -> _Part:
    run = payload["workflow_run"]
    name = text_of(at(payload, "workflow", "name") or run.get("name") or run.get("path"), 150)
    branch = text_of(run.get("head_branch"), 200)
    return _Part(
        state=word_of(run.get("conclusion")),
        name=f"Workflow {name or 'without a name'}",
        where=branch or "no branch",
        key=(run.get("workflow_id") or at(payload, "workflow", "id") or name, at(run, "head_repository", "full_name"), branch),
        labels=filled(workflow=name, branch=branch, event=run.get("event")),
        said=filled(
            description=run.get("display_title") or _first_line(at(run, "head_commit", "message")),
            release=run.get("head_sha"),
            attempt=run.get("run_attempt"),
        ),
        url=link_of(run.get("html_url")),
        ended=run.get("updated_at"),
    )


def _check_suite(payload: Mapping[str, Any]) -> _Part:
    suite = payload["check_suite"]
    app, branch = text_of(at(suite, "app", "name"), 100), text_of(suite.get("head_branch"), 200)
    return _Part(
        state=word_of(suite.get("conclusion")),
        name=f"Checks of {app or 'an app'}",
        where=branch or "no branch",
        key=(at(suite, "app", "id") or app, branch),
        labels=filled(app=app, branch=branch),
        said=filled(description=_first_line(at(suite, "head_commit", "message")), release=suite.get("head_sha")),
        ended=suite.get("updated_at"),
    )


def _check_run(payload: Mapping[str, Any]) -> _Part:
    run = payload["check_run"]
    name, branch = text_of(run.get("name"), 150), text_of(at(run, "check_suite", "head_branch"), 200)
    return _Part(
        state=word_of(run.get("conclusion")),
        name=f"Check {name or 'without a name'}",
        where=branch or "no branch",
        key=(at(run, "app", "id"), name, branch),
        labels=filled(check=name, app=at(run, "app", "name"), branch=branch),
        said=filled(description=at(run, "output", "title") or at(run, "output", "summary"), release=run.get("head_sha")),
        url=link_of(run.get("html_url")) or link_of(run.get("details_url")),
        ended=run.get("completed_at"),
    )


def _deployment_status(payload: Mapping[str, Any]) -> _Part:
    status, deployment = payload["deployment_status"], payload.get("deployment")
    environment = text_of(status.get("environment") or at(deployment, "environment"), 200)
    ref = text_of(at(deployment, "ref"), 200)
    return _Part(
        state=word_of(status.get("state")),
        name=f"Deployment of {ref or 'a commit'}",
        where=environment or "no environment",
        key=(at(deployment, "task"), environment),
        labels=filled(environment=environment, branch=ref, task=at(deployment, "task")),
        said=filled(description=status.get("description") or at(deployment, "description"), release=at(deployment, "sha")),
        url=link_of(status.get("log_url")) or link_of(status.get("target_url")) or link_of(status.get("environment_url")),
        ended=status.get("created_at"),
    )


def _first_line(message: Any) -> str:
    return text_of(message, 500).partition("\n")[0]


_READERS: Mapping[str, Callable[[Mapping[str, Any]], _Part]] = {
    "workflow_run": _workflow_run,
    "check_suite": _check_suite,
    "check_run": _check_run,
    "deployment_status": _deployment_status,
}

SOURCE = Source(
    kind=SourceKind.GITHUB,
    name="GitHub",
    channel=Channel.DELIVERY,
    documentation="https://docs.github.com/en/webhooks/webhook-events-and-payloads",
    setup=(
        "Settings, Webhooks, Add webhook: payload URL {url}, content type application/json, secret {secret}.\n"
        "Choose the events Workflow runs and Deployment statuses; Check suites too, when something else than Actions checks."
    ),
    states={word: "fires" if status is AlertStatus.FIRING else "recovers" for word, status in _STATES.items()}
    | dict.fromkeys(sorted(_NOTHING), "is ignored"),
    carried_by=(Carrier.SIGNATURE,),
    forms=frozenset({Form.JSON, Form.URLENCODED}),
    keeps=(_EVENT, _DELIVERY, _SIGNATURE.header),
    verify=_SIGNATURE.verify,
    sign=_SIGNATURE.sign,
    delivery_id=lambda delivery: text_of(delivery.headers.get(_DELIVERY), 200) or None,
    read=read,
)
