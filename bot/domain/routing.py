"""The parts of a policy that say which monitors may post, and what becomes of their alerts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.matching import Matcher, Matching, Names, Tests, passes, tests_of
from bot.domain.windows import Window

_FROZEN = ConfigDict(frozen=True, extra="forbid")


SecretReference = Annotated[str, Field(pattern=r"^env:[A-Z][A-Z0-9_]*$", description="env:NAME")]


class SourceKind(StrEnum):
    """Which monitor posts; what a kind understands stands in ``bot.sources``."""

    ALERTMANAGER = "alertmanager"
    PROMETHEUS = "prometheus"
    GRAFANA = "grafana"
    SENTRY = "sentry"
    DATADOG = "datadog"
    CLOUDWATCH = "cloudwatch"
    GOOGLE_CLOUD = "google-cloud"
    AZURE = "azure"
    NEW_RELIC = "newrelic"
    PAGERDUTY = "pagerduty"
    OPSGENIE = "opsgenie"
    ZABBIX = "zabbix"
    ELASTIC = "elastic"
    HONEYCOMB = "honeycomb"
    SPLUNK = "splunk"
    ROLLBAR = "rollbar"
    HONEYBADGER = "honeybadger"
    RAYGUN = "raygun"
    PINGDOM = "pingdom"
    UPTIMEROBOT = "uptimerobot"
    UPTIME_KUMA = "uptime-kuma"
    STATUSCAKE = "statuscake"
    CHECKLY = "checkly"
    BETTER_STACK = "betterstack"
    HEALTHCHECKS = "healthchecks"
    UPDOWN = "updown"
    GRAYLOG = "graylog"
    KAPACITOR = "kapacitor"
    ELASTALERT = "elastalert"
    STATUSPAGE = "statuspage"
    VICTOROPS = "victorops"
    GITHUB = "github"
    SLACK = "slack"
    MAIL = "mail"
    GENERIC = "generic"

    @classmethod
    def _missing_(cls, value: object) -> SourceKind | None:
        """A kind as people also write it: ``Uptime_Kuma``, ``kibana``, ``grafana_unified``."""
        plain = "".join(letter for letter in str(value).casefold() if letter.isalnum())
        known = {kind.value.replace("-", ""): kind for kind in cls}
        return known.get(plain) or known.get(_ALSO_CALLED.get(plain, ""))


_ALSO_CALLED: Mapping[str, str] = {
    "azuremonitor": "azure",
    "cloudwatchsns": "cloudwatch",
    "aws": "cloudwatch",
    "sns": "cloudwatch",
    "elastickibana": "elastic",
    "kibana": "elastic",
    "gcp": "googlecloud",
    "gcpmonitoring": "googlecloud",
    "stackdriver": "googlecloud",
    "grafanaunified": "grafana",
    "grafanalegacy": "grafana",
    "pagerdutyeventsv2": "pagerduty",
    "pagerdutyoutboundwebhook": "pagerduty",
    "opsgenieoutboundwebhook": "opsgenie",
    "slackincomingwebhook": "slack",
    "splunkoncall": "victorops",
    "betteruptime": "betterstack",
    "email": "mail",
    "webhook": "generic",
    "json": "generic",
}


class Carrier(StrEnum):
    """Where a source's secret is carried; ``signature`` and ``body`` are checked by the source itself."""

    BEARER = "bearer"
    BASIC = "basic"
    HEADER = "header"
    PATH = "path"
    QUERY = "query"
    SIGNATURE = "signature"
    BODY = "body"


class Channel(StrEnum):
    """How a monitor sees trouble; several channels at once make it worse (J3, J13)."""

    METRICS = "metrics"
    ERRORS = "errors"
    LOGS = "logs"
    SYNTHETIC = "synthetic"
    UPTIME = "uptime"
    DELIVERY = "delivery"
    PEOPLE = "people"
    PROVIDER = "provider"
    OTHER = "other"


class SourceRule(BaseModel):
    """A monitor that may post to ``/alerts/{name}``; without ``carried_by`` its secret may be where such a monitor puts it."""

    model_config = _FROZEN

    kind: SourceKind = Field(description="Which monitor it is, and so how it is read")
    secret: SecretReference | None = Field(None, description="Where its secret is in the environment")
    unsigned: bool = Field(False, description="Whether anybody may post")
    carried_by: tuple[Carrier, ...] | None = Field(
        None, min_length=1, description="Where the secret may be; where such a monitor puts it unless it is said"
    )
    header: str | None = Field(None, pattern=r"^[A-Za-z0-9-]{1,64}$", description="The header of carried_by: [header]")
    label: str = Field("", description="What people read in place of its name")
    channel: Channel | None = Field(None, description="How it sees trouble, where it watches in another way than its kind does")
    topics: Names = Field((), description="The SNS topics whose messages are believed; kind: cloudwatch has them in place of a secret")
    signature_version_1: bool = Field(False, description="Whether messages of SNS that are signed the old way (SHA-1) are believed as well")
    fields: Mapping[str, Names] = Field(
        default_factory=dict, description="For kind: generic: our field to the paths at which it lies in the JSON"
    )

    @model_validator(mode="after")
    def _can_be_checked(self) -> SourceRule:
        if self.kind is SourceKind.CLOUDWATCH and self.secret is not None:
            raise ValueError("expected no secret, for Amazon signs; name the ARNs under topics")
        if (self.secret is None) != (self.unsigned or self.kind is SourceKind.CLOUDWATCH):
            raise ValueError("expected either secret: env:NAME or unsigned: true")
        if self.fields and self.kind is not SourceKind.GENERIC:
            raise ValueError("expected fields only beside kind: generic; other kinds know where their fields lie")
        if Carrier.HEADER in (self.carried_by or ()) and self.header is None:
            raise ValueError("expected header: NAME beside carried_by: [header]")
        return self

    @property
    def deaf(self) -> bool:
        """Whether nothing that is sent to it can be believed yet: messages of SNS are, when their topic is named."""
        return self.kind is SourceKind.CLOUDWATCH and not self.topics


class RouteAction(StrEnum):
    """What becomes of an alert that a route matches."""

    DECLARE = "declare"
    ATTACH = "attach"
    INBOX = "inbox"
    DROP = "drop"
    HEARTBEAT = "heartbeat"

    @classmethod
    def _missing_(cls, value: object) -> RouteAction | None:
        """``join`` is another word for ``attach``."""
        return cls.ATTACH if value == "join" else None


class Route(BaseModel):
    """Which alerts, and what becomes of them. ``during`` is when the route counts; ``owner`` is somebody of people."""

    model_config = _FROZEN

    name: str = Field(max_length=200, description="What people read")
    match: Matcher = Field(default_factory=dict, description="Which alerts; every alert when nothing is named")
    during: Window | None = Field(None, description="When the route counts: a window, or the name of one")
    action: RouteAction = Field(description="What becomes of the alert")
    severity: str | None = Field(None, description="The severity of what it declares; else the alert's own word decides")
    service: str | None = Field(None, max_length=200, description="The service that the alert is filed under")
    owner: str | None = Field(None, description="Who owns the incident from the start")
    by: Names = Field((), description="Labels that make one trouble of the alerts of one source")
    runbook: str | None = Field(None, description="The runbook that is shown at the declaration")
    heartbeat: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="The heartbeat that action: heartbeat beats")

    @model_validator(mode="after")
    def _names_its_heartbeat(self) -> Route:
        if (self.action is RouteAction.HEARTBEAT) != (self.heartbeat is not None):
            raise ValueError("expected heartbeat: NAME beside action: heartbeat, and nowhere else")
        return self

    def matches(self, values: Mapping[str, str]) -> bool:
        """Whether the alert with those values is the route's, while the route counts."""
        return passes(self._tests, values)

    def counts(self, at: datetime) -> bool:
        """Whether the route counts at that moment."""
        return self.during is None or self.during.holds(at)

    @cached_property
    def _tests(self) -> Tests:
        return tests_of(self.match)


class System(Matching):
    """A part of what the organisation runs, and the alerts that are about it; a critical one's failure is of the worst severity (S3)."""

    title: str = Field(min_length=1, max_length=80, description="What people read")
    critical: bool = Field(False, description="Whether what fails in it is of the worst severity, and declared")
    severity: str | None = Field(None, description="The severity of what fails in it, unless the route names one")
    owner: str | None = Field(None, description="Who owns its incidents from the start")
