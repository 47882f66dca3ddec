"""What ``muster doctor`` finds: how bad it is, a sentence, and what to do; and what it makes of settings, policy, database, mail, web."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import TZPATH

from bot.domain.policy import Person, Policy
from bot.domain.readiness import Issues
from bot.domain.severity import Road
from bot.domain.undone import left_undone
from bot.senders.checks_mail import MailServer
from bot.settings import Settings
from bot.store.condition import Condition

_LOG_SAFE_MODE = "wal"


class Level(StrEnum):
    """How bad a finding is; ``FAIL`` means that something which was asked for does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was found, and what to do about it where anything has to be done."""

    level: Level
    topic: str
    sentence: str
    next_step: str | None = None


def ok(topic: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, topic, sentence)


def warn(topic: str, sentence: str, next_step: str) -> Finding:
    """It works, with something left out or about to go wrong."""
    return Finding(Level.WARN, topic, sentence, next_step)


def fail(topic: str, sentence: str, next_step: str) -> Finding:
    """It does not work."""
    return Finding(Level.FAIL, topic, sentence, next_step)


def count(found: Iterable[Finding]) -> Mapping[Level, int]:
    """How many findings there are of each level."""
    levels = [finding.level for finding in found]
    return {level: levels.count(level) for level in Level}


def wrong_settings(problems: str) -> list[Finding]:
    """The lines of a SettingsError."""
    return [fail("settings", _sentence(line), "Correct it in the environment, or in .env.") for line in problems.splitlines()]


def wrong_policy(name: str, problems: str) -> list[Finding]:
    """The lines of a PolicyError."""
    step = f"Correct the policy, then run `muster policy check {name}`."
    return [fail("policy", _sentence(line), step) for line in problems.splitlines()]


def settings(settings: Settings) -> Iterator[Finding]:
    """What the settings leave out."""
    yield ok("settings", "Every value can be used.")
    if settings.slack_bot_token is None:
        yield fail(
            "slack", "Slack is not connected: SLACK_BOT_TOKEN is not set.", "Create the app from manifest.yml; `muster init` writes it."
        )
    if settings.twilio_account_sid is None:
        yield warn("phones", "Nobody's phone rings: TWILIO_ACCOUNT_SID is not set.", "Set the TWILIO_… values of docs/settings.md.")
    if settings.smtp_url is None:
        yield warn("mail", "Nobody is called by e-mail: SMTP_URL is not set.", "Set SMTP_URL and EMAIL_FROM, if e-mail is to be a road.")
    if settings.secret_key is None:
        yield warn(
            "settings",
            "Nothing that Muster sends holds a link: MUSTER_SECRET_KEY is not set.",
            "Set it to what `openssl rand -hex 32` prints.",
        )
    if settings.twilio_account_sid is not None and settings.public_url is None:
        sentence = "Phone replies are fetched every few seconds, and calls take no keys: MUSTER_PUBLIC_URL is not set."
        yield warn("phones", sentence, "Set it once there is an address at which the world reaches the bot.")


def policy(policy: Policy, missing_secrets: Collection[str], configured: Collection[Road]) -> Iterator[Finding]:
    """What the policy leaves out, what it needs and lacks, and whom it cannot reach."""
    counted = f"{len(policy.severities)} severities, {len(policy.people)} people, {len(policy.sources)} sources"
    yield ok("policy", f"{policy.name} can be used: {counted}.")
    for warning in left_undone(policy):
        yield warn("policy", warning, "Change the policy, if that is not meant.")
    for name in missing_secrets:
        yield fail(
            "policy", f"The policy takes a secret from {name}, which is not set.", f"Set {name}, or {name}_FILE; `muster serve` needs it."
        )
    for road in sorted(_wanted(policy) - set(configured)):
        settings = _ROAD_SETTINGS[road]
        yield warn(
            "policy", f"The policy calls by {road.value}, for which there is no {settings}.", f"Set {settings}, or name other roads."
        )
    for key, person in policy.people.items():
        if not person.reachable:
            yield warn(
                "people", f"No road leads to {person.name}: the policy has neither a phone nor an e-mail.", f"Give people.{key} one."
            )
        elif person.slack is None:
            yield warn("people", f"{person.name} has no Slack id and cannot be invited.", f"Give people.{key} slack: U….")


_ROAD_SETTINGS: Mapping[Road, str] = {
    Road.SMS: "TWILIO_SMS_FROM",
    Road.WHATSAPP: "TWILIO_WHATSAPP_FROM",
    Road.VOICE: "TWILIO_VOICE_FROM",
    Road.EMAIL: "SMTP_URL",
}


def roads_of(settings: Settings) -> set[Road]:
    """The roads that the settings make possible."""
    values = {
        Road.SMS: settings.twilio_sms_from,
        Road.WHATSAPP: settings.twilio_whatsapp_from,
        Road.VOICE: settings.twilio_voice_from,
        Road.EMAIL: settings.smtp_url,
    }
    return {road for road, value in values.items() if value is not None}


def _wanted(policy: Policy) -> set[Road]:
    """The roads that somebody of the chain may be called by; none when there is nobody to call."""
    if not policy.chain:
        return set()
    by_clock = {road for severity in policy.severities for roads in severity.roads.values() for road in roads}
    by_person = {step.road for person in policy.people.values() for step in person.roads}
    return by_clock | by_person | {road for level in policy.chain for road in level.roads or ()}


def verified(people: Mapping[str, Person], known: Mapping[str, bool]) -> Iterator[Finding]:
    """Whose numbers were verified by their owners, as far as the bot has been started with them (``known`` by key of the policy)."""
    numbered = {key: person.name for key, person in people.items() if person.phone is not None}
    for key, name in numbered.items():
        if known.get(key) is False:
            yield warn("people", f"{name}'s number was never verified by its owner.", f"Have {name} type `/incident verify` in Slack.")
    proven = sum(known.get(key, False) for key in numbered)
    if proven:
        yield ok("people", f"{proven} of {len(numbered)} numbers were verified by their owners.")


def zones(policy: Policy | None) -> Finding:
    """That the zones are known; a policy with one that is not could not be read."""
    names = ", ".join(zone.zone for zone in policy.zones) if policy else "UTC"
    place = "the system's zones" if TZPATH else "the zones that Muster brings"
    return ok("zones", f"{names} can be told ({place}).")


def database(condition: Condition) -> Iterator[Finding]:
    """Whether the database has this version's schema, and whether SQLite's file is sound."""
    if condition.flaws:
        step = "Stop the bot, keep the file, and restore a backup (docs/operating.md)."
        yield fail("database", f"The file is damaged: {'; '.join(condition.flaws)}.", step)
    if condition.journal_mode is not None and condition.journal_mode.lower() != _LOG_SAFE_MODE:
        step = "Put it on a local disk: SQLite cannot keep a write-ahead log on a network one."
        yield fail("database", f"The file is written without a write-ahead log (journal mode {condition.journal_mode}).", step)
    if condition.is_migrated:
        yield ok("database", f"It answers, and has schema {condition.revision}.")
        return
    has = f"schema {condition.revision}" if condition.revision else "no schema yet"
    yield warn(
        "database", f"It has {has}; this version wants {condition.newest}.", "`muster serve` brings it up, and so does `muster migrate`."
    )


def mail(server: MailServer) -> Finding:
    """Whether the mail server takes us without anybody listening; a server without TLS is only spoken to where SMTP_URL says so."""
    if not server.exposed:
        how = "over TLS" if server.encrypted else "on this machine"
        return ok("mail", f"The mail server {server.host} takes us {how}{', logged in' if server.logged_in else ''}.")
    sentence = f"The mail server {server.host} is spoken to without TLS, so that pages can be read on their way."
    return warn("mail", sentence, "Take ?tls=off out of SMTP_URL, unless the way there is safe.")


def sentry(issues: Issues) -> Finding:
    """Whether Sentry says what is unresolved, where the gate asks for it."""
    if issues.trouble is None:
        return ok("sentry", "Sentry says what is unresolved there.")
    sentence = f"The gate stays closed, for nobody knows what is unresolved in Sentry: {issues.trouble}."
    return fail("sentry", sentence, "Look at SENTRY_TOKEN, and at gate.sentry in the policy.")


def public_address(url: str, status: int) -> Finding:
    """What the bot's own /healthz says when it is asked from outside."""
    if status == 200:
        return ok("web", f"{url} reaches the bot.")
    return fail("web", f"{url}/healthz answers {status} and not 200.", "Have the proxy pass everything on to the bot.")


def slack_posts(url: str, status: int) -> Finding:
    """What an unsigned request to Slack's address is told; 401 means that the bot itself answered."""
    if status == 401:
        return ok("inbound", f"{url} reaches the bot, and it refuses what Slack did not sign.")
    return fail(
        "inbound",
        f"{url} answers {status} to an unsigned request, where the bot says 401.",
        "Have the proxy pass POST requests on to the bot.",
    )


def without_tls(url: str) -> Finding | None:
    """A warning about a public address that is not https."""
    if url.startswith("https://"):
        return None
    return warn("web", f"{url} is not https: what people answer can be read and changed on its way.", "Put a proxy that ends TLS in front.")


def _sentence(line: str) -> str:
    return line if line.endswith(".") else f"{line}."
