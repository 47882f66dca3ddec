"""The parts of a policy that say which monitors may post, and what becomes of their alerts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_FROZEN = ConfigDict(frozen=True, extra="forbid")


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
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

    kind: SourceKind
    secret: SecretReference | None = None
    unsigned: bool = False
    carried_by: tuple[Carrier, ...] | None = Field(None, min_length=1)
    header: str | None = Field(None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    label: str = ""
    channel: Channel | None = None
    topics: Names = ()
    signature_version_1: bool = False
    fields: Mapping[str, Names] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_checked(self) -> SourceRule:
        if (self.secret is None) != (self.unsigned or self.kind is SourceKind.CLOUDWATCH):
            raise ValueError("expected either secret: env:NAME or unsigned: true")
        if Carrier.HEADER in (self.carried_by or ()) and self.header is None:
            raise ValueError("expected header: NAME beside carried_by: [header]")
        return self


class RouteAction(StrEnum):
    """What becomes of an alert that a route matches."""

    DECLARE = "declare"
    JOIN = "join"
    INBOX = "inbox"


class Route(BaseModel):
    """Which alerts, and what becomes of them; a glob matches the whole value."""

    model_config = _FROZEN

    name: str
    match: Mapping[str, Names] = Field(default_factory=dict)
    action: RouteAction
    severity: str | None = None
    by: Names = ()

    def matches(self, values: Mapping[str, str]) -> bool:
        """Whether every named label is there and one of its globs matches it."""
        return all(label in values and any(fnmatchcase(values[label], glob) for glob in globs) for label, globs in self.match.items())
