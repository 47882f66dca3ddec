"""What the document of the policy says besides its tables: the order of its parts, an example of each, and what no table says."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from bot.domain.access import AccessRules, Token
from bot.domain.closing import CheckRule, VerificationRules
from bot.domain.gate import GateRules, SentryRules
from bot.domain.grouping import AtMost, Correlation, Flapping, SeveralChannels
from bot.domain.heartbeats import HeartbeatRule
from bot.domain.phases import Phase
from bot.domain.policy import Level, Person, RoadStep, RoleRule, Zone
from bot.domain.routing import Route, SourceRule, System
from bot.domain.runbooks import Runbook
from bot.domain.security import RefusalRules, SecurityRules
from bot.domain.severity import ClockRule, EscalationStep, Severity, Telling
from bot.domain.silences import Maintenance
from bot.domain.tenants import Tenant
from bot.domain.windows import Window
from bot.domain.writing import MeetingRules, Objective, PostmortemRules, Section


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the document: its heading, its models, a piece of a policy, and what is to be said of it."""

    title: str
    models: tuple[type[BaseModel], ...]
    example: str = ""
    prose: str = ""


PARTS = (
    Part("Zones", (Zone,), "zones: [{zone: America/Los_Angeles, label: PT}, {zone: UTC, label: UTC}]"),
    Part(
        "Severities and promises",
        (Severity, ClockRule, EscalationStep, Telling),
        """
default_severity: SEV2
severities:
  - label: SEV1
    rank: 0
    aliases: [critical, page]
    meaning: Customers cannot use what they pay for
    pages: true
    clocks: {acknowledge: 5m, commander: 15m, mitigate: 30m, update: {breach: 30m, warn: 20m}, postmortem: {breach: 24h, tell: [ben]}}
    roads: {acknowledge: [sms, voice], mitigate: [sms]}
    escalate: [{after: 1h, who: [platform], until: resolved}]
    tell: [{who: [platform], by: [slack, email]}]
  - {label: SEV2, rank: 1, aliases: [warning], clocks: {update: 1h}}
""",
        """
`acknowledge` counts from the receipt of the alert or the declaration, `mitigate` until somebody says Mitigating, `update` from one
update of a person to the next, `resolve` until it is resolved. `commander`, `technical-lead` and `communications` are kept when
somebody has that role, `tenants` when the critical tenants were written to, `ticket` when a link to a ticket was recorded. These clocks
of the response begin with the opening; `report`, `postmortem` and `meeting` are the write-up's, and begin with the resolution. Each is
warned of at 80 % unless it says otherwise. At its breach that is written down, its owner is told, then `tell`, then the chain is called
by the `roads` of the clock, until somebody moves. For a write-up nobody is paged. A severity with `pages: true` rings the chain's first
level at once. An acknowledgement, from wherever, stops everything that rings.
""",
    ),
    Part(
        "People and roads",
        (Person, RoadStep),
        """
people:
  ana: {name: Ana, slack: U012ABCDEF, phone: "+14155550102", email: ana@example.com, roads: [whatsapp, {sms: 30s}, {voice: 1m}]}
groups: {platform: [ana, ben]}
""",
        """
A severity says by which roads its chain is rung, for each of its clocks, out of `sms`, `whatsapp`, `voice` and `email`; one that pages
rings by SMS unless it says otherwise. Without wishes of their own, people are called by all of them at once. Who answers before the
next road is due is not called by it. When a page cannot be delivered, the next road is taken at once, SMS in place of WhatsApp even
where nobody named it; when none is left, the next person is called. Somebody whose wishes rule out every road that the severity names
is called all the same: rather one page too many. [phones.md](phones.md) says what each road needs.
""",
    ),
    Part(
        "The chain",
        (Level,),
        """
chain:
  - {name: primary, who: ana, delay: 3m, repeat: 1}
  - {name: everybody, who: platform, delay: 5m, roads: [sms]}
""",
        "A level where nobody can be reached is passed over at once. After the last level comes the first, until somebody answers.",
    ),
    Part(
        "Access and tokens",
        (AccessRules, Token),
        """
access: {default: viewer, guests: none}
tokens: [{name: cli, secret: "env:MUSTER_API_TOKEN", access: responder, person: ana}]
""",
    ),
    Part(
        "Sources",
        (SourceRule,),
        """
sources:
  grafana: {kind: grafana, secret: "env:GRAFANA_SECRET", carried_by: [bearer, basic]}
  alarms: {kind: cloudwatch, topics: "arn:aws:sns:eu-west-1:123456789012:alarms"}
""",
        "[sources.md](sources.md) says how each monitor is set up, and [generic-alerts.md](generic-alerts.md) what `fields` are.",
    ),
    Part(
        "Routes",
        (Route, Window),
        """
windows:
  launch: {zone: America/Los_Angeles, days: [mon, tue], from: "08:00", to: "18:00", first_day: 2026-12-01, last_day: 2026-12-08}
routes:
  - {name: test shop, match: {environment: staging}, action: drop}
  - {name: in a launch, during: launch, match: {flow: "seeded*"}, action: declare, severity: SEV1}
  - {name: pages, match: {severity: [critical, page]}, action: declare, severity: SEV1, by: alertname}
  - {name: silent, match: {source: muster, signal: heartbeat}, action: declare}
  - {name: errors, match: {channel: errors, title: "*checkout*"}, action: declare, service: checkout, owner: ana}
  - {name: the rest, match: {severity: "*"}, action: attach}
""",
        """
The first route that matches decides; one without `match` takes every alert, and none comes to those behind it. Every name in `match`
has to be there, and one of its globs has to match the whole value: `up` is not found in `upstream_down`. Besides the alert's labels
there are `source`, `channel`, `title`, `text` (the title and the description) and `service`, which no label can pretend to be; `title`
and `text` are matched whatever their case. A window that ends before it begins goes on past midnight and belongs to the day on which it
began.

| action | what becomes of the alert |
|---|---|
| declare | it joins what is open about the same, else it opens an incident |
| attach | it joins what is open about the same, else it waits in the inbox until there is something; `join` is another word for it |
| inbox | it waits in the inbox for somebody to look at it; so does what no route matches |
| drop | it is kept, and that is all |
| heartbeat | it beats the `heartbeat` of that name, however often it is said; nothing else comes of it |

`severity`, `service` and `owner` stand above what the alert says; without them its `severity` label is looked up among labels and
aliases, and `default_severity` is the last resort. What was decided, and why, is kept with the alert and shown in its receipt. Alerts
of the source `muster`, which Muster raises itself, are declared without a route when their severity pages. A route that takes whatever
has a severity takes them too: give them one of their own before it. `muster policy check` notes heartbeats that would call nobody.
""",
    ),
    Part(
        "Systems",
        (System,),
        """
systems:
  payments: {title: Payments, critical: true, match: [{service: "pay*"}, {text: "*gateway callback*"}], owner: ben}
  workers: {title: System health, match: {alertname: [WorkerErrors, QueueBacklog]}}
""",
        """
An alert is filed under the first system that one of its `match` describes, critical ones before others, and the card names it. A
critical one makes it the worst severity whatever the alert and the route say, and declares it even where a route only attaches it,
leaves it in the inbox, or none matches: only `drop` and silences hold it back. Of other systems, `severity` stands above the alert's
own word and below the route's.
""",
    ),
    Part(
        "Correlation",
        (Correlation, SeveralChannels, Flapping, AtMost),
        "correlation: {window: 30m, by: [service, [cluster, namespace]], channels: {count: 2, within: 10m}, flapping: null}",
        """
A route's own `by` names labels that make one trouble of one source: such alerts join whatever is open, however old. An alert that joins
and is worse than the incident raises it. A severity that several channels or a rising rate raised is provisional: the card says why,
its clocks begin at that moment, and people are called. `/incident severity` decides: the same severity confirms it, a lower one stands,
and Muster then only says what else would have raised it.
""",
    ),
    Part(
        "Silences and maintenance",
        (Maintenance,),
        """
maintenance:
  - {name: backups, match: {service: database}, author: Platform, during: {zone: Europe/Berlin, days: sat, from: "23:00", to: "02:00"}}
  - {name: data centre move, match: {datacentre: fra1}, author: Ana, from: 2026-12-05T20:00:00Z, until: 2026-12-06T04:00:00Z}
""",
        """
While a window of `maintenance` holds, or a silence that somebody said (`/incident silence 2h service=checkout why`, `muster silence
add`, the [API](http.md)), matching alerts are kept with the reason and call nobody. `match` works as in a route. Each silence has a
number, an author, a reason and an end, at most 30 days away; beginning and end stand in the audit. What still fires when it is over is
taken like new. Recoveries are never held back.

What no route wants waits in the inbox: `/incident inbox`, the App Home and `muster alert list` show it, with the reason. From there
alerts become an incident, join one or leave it again, many at once; `/incident merge INC-7` brings two incidents together that are one
trouble.
""",
    ),
    Part(
        "Heartbeats and refused requests",
        (HeartbeatRule, SecurityRules, RefusalRules),
        """
heartbeats:
  nightly-backup: {every: 24h, grace: 30m, severity: SEV2, secret: "env:BACKUP_HEARTBEAT_SECRET"}
security: {refusals: {count: 20, within: 5m}}
""",
        "Both become alerts of the source `muster`; see [heartbeats.md](heartbeats.md).",
    ),
    Part(
        "Phases and roles",
        (Phase, RoleRule),
        """
phases:
  - {name: Detect, status: Investigating}
  - {name: Stabilize, status: Mitigating, meaning: Stop the harm before the cause is known}
  - {name: Watch, status: Monitoring}
  - {name: Verify, status: Resolved}
roles:
  commander: {title: Incident commander, duties: [Decides, Closes the incident]}
""",
    ),
    Part(
        "Runbooks",
        (Runbook,),
        """
runbooks:
  queue: {title: The queue fills up, link: "https://wiki.example.com/queue", escalation: [{after: 15m, who: ben}]}
routes:
  - {name: queue, match: {alertname: QueueBacklog}, action: declare, severity: SEV1, runbook: queue}
""",
    ),
    Part(
        "Closing",
        (CheckRule, VerificationRules),
        """
checks:
  golden-paths: {title: Golden paths, match: {channel: synthetic}, heard_within: 10m}
verification: {severities: [SEV1], alerts: true, checks: [golden-paths], quiet: 5m, questions: ["Is it gone?"], watch: 30m}
""",
    ),
    Part(
        "The gate",
        (GateRules, SentryRules),
        """
gate: {severities: [SEV1], proven_within: 14d, heartbeats: true, sentry: {organisation: acme, query: "is:unresolved level:fatal"}}
""",
    ),
    Part(
        "Postmortems and meetings",
        (PostmortemRules, Section, MeetingRules),
        """
postmortem: {sections: [What happened, {title: Root cause, hint: What made it possible}, Follow-ups], report: [What we know so far]}
meeting: {who: [platform], at: "15:00", lasts: 1h, during: {zone: Europe/Berlin, days: [mon, tue, wed, thu, fri]}}
""",
    ),
    Part(
        "Tenants and tickets",
        (Tenant,),
        """
tenants:
  initech: {name: Initech, email: [status@initech.example], critical: true, labels: [initech-prod]}
ticket_mail: tickets@acme.example
""",
    ),
    Part("Objectives", (Objective,), "objectives: [{title: Uptime, target: 99.9, over: 28d, severities: [SEV1]}]"),
)
