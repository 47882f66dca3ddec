"""The examination that ``muster doctor`` makes: what to ask whom, and that no answer and no silence ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass

import aiohttp
import asyncpg
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot.cli import findings, findings_slack, findings_twilio, manifest
from bot.cli.findings import Finding, Level, fail, ok
from bot.cli.serve import database_sentence, open_database
from bot.clock import SystemClock
from bot.domain.policy import Person, Policy
from bot.domain.policy_file import PolicyError, load_policy
from bot.errors import SendError, SettingsError
from bot.senders import checks_mail, checks_web
from bot.senders.checks_slack import SlackChecks, Workspace
from bot.senders.checks_twilio import TwilioChecks
from bot.senders.sentry import Sentry
from bot.settings import Settings, load_settings, read_policy, resolve_secret
from bot.store import condition, people
from bot.store.database import Database

_ODD_ANSWERS = (TypeError, ValueError, KeyError, AttributeError)
_AGAIN = "Try again; if it stays so, look at the network and at the provider's status page."
_BOT_TOKEN_STEP = "Copy it again from OAuth & Permissions (xoxb-…) to SLACK_BOT_TOKEN, or install the app again."  # noqa: S105 - words
_CREDENTIALS_STEP = "Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN again from Twilio's console."
_MAIL_STEP = "Look at SMTP_URL: smtp://user:password@host:587 or smtps://…, special characters written as %40 and so on."
_PROXY_STEP = "Start the bot (`muster serve`) and the proxy in front of it, then look again."
_DATABASE_STEP = "Look at DATABASE_URL, and whether the server runs."


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined; ``policy`` is None when it cannot be read."""

    settings: Settings
    policy: Policy | None
    session: aiohttp.ClientSession


async def examine() -> list[Finding]:
    """Everything that is found, in the order in which it is to be mended; with settings that cannot be read, only that."""
    try:
        settings = load_settings()
    except SettingsError as error:
        return findings.wrong_settings(str(error))
    policy, found = _read_policy(settings)
    found = [*findings.settings(settings), *found, findings.zones(policy)]
    async with aiohttp.ClientSession() as session:
        patient = Patient(settings, policy, session)
        parts = await asyncio.gather(*(part(patient) for part in (_database, _slack, _inbound, _web, _twilio, _mail, _sentry)))
    return found + [finding for part in parts for finding in part]


async def tried(topic: str, judged: Awaitable[Iterable[Finding]], next_step: str = _AGAIN) -> list[Finding]:
    """What was judged of an answer, or the finding that there was none that could be read."""
    try:
        return list(await judged)
    except SendError as error:
        sentence = str(error)
    except _ODD_ANSWERS as error:
        sentence = f"an answer cannot be read ({type(error).__name__})"
    return [fail(topic, f"{sentence[0].upper()}{sentence[1:]}.", next_step)]


def _read_policy(settings: Settings) -> tuple[Policy | None, list[Finding]]:
    try:
        policy = load_policy(settings.policy, read_policy)
    except (PolicyError, OSError, UnicodeDecodeError) as error:
        return None, findings.wrong_policy(settings.policy, str(error))
    return policy, list(findings.policy(policy, _missing_secrets(policy), findings.roads_of(settings)))


def _missing_secrets(policy: Policy) -> list[str]:
    named = [token.secret for token in policy.tokens] + [rule.secret for rule in policy.sources.values() if rule.secret]
    return [reference.removeprefix("env:") for reference in dict.fromkeys(named) if not _is_set(reference)]


def _is_set(reference: str) -> bool:
    try:
        return bool(resolve_secret(reference))
    except SettingsError:
        return False


def _text(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


# The database


async def _database(patient: Patient) -> list[Finding]:
    policy = patient.policy or load_policy("default", read_policy)
    try:
        database = open_database(patient.settings, policy)
    except (SettingsError, SQLAlchemyError) as error:
        return [
            fail(
                "database",
                f"DATABASE_URL cannot be used ({type(error).__name__}).",
                "It is sqlite+aiosqlite:///FILE or postgresql+asyncpg://….",
            )
        ]
    try:
        return await _opened(database, policy)
    except SQLAlchemyError as error:
        return [fail("database", database_sentence(error), _DATABASE_STEP)]
    except (OSError, asyncpg.PostgresError) as error:
        return [fail("database", f"The database cannot be reached ({type(error).__name__}).", _DATABASE_STEP)]
    finally:
        await database.close()


async def _opened(database: Database, policy: Policy) -> list[Finding]:
    place = condition.unwritable(database)
    if place is not None:
        return [fail("database", f"{place} may not be written to.", "Give the user that runs Muster the right to, or change DATABASE_URL.")]
    path = database.sqlite_path
    if path is not None and not path.is_file():
        return [ok("database", f"There is none yet; `muster serve` makes {path.absolute()}.")]
    found = await condition.examine(database)
    judged = list(findings.database(found))
    if not found.is_migrated:
        return judged
    async with database.reading() as reading:
        rows = await people.list_policy_people(reading)
    known = {row.key: row.phone_verified_at is not None for row in rows if row.key is not None and row.phone is not None}
    return [*judged, *findings.verified(policy.people, known)]


# Slack


async def _slack(patient: Patient) -> list[Finding]:
    settings = patient.settings
    if settings.slack_bot_token is None:
        return []
    token = _text(settings.slack_bot_token)
    checks = SlackChecks(token=token, api_url=settings.slack_api_url, session=patient.session)
    try:
        workspace = await checks.workspace()
    except SendError as error:
        odd = findings_slack.wrong_kind("SLACK_BOT_TOKEN", "xoxb-", token)
        refused = error.code not in ("unreachable", "unreadable", "ratelimited")
        return [*([odd] if odd else []), fail("slack", f"{error}.", _BOT_TOKEN_STEP if refused else _AGAIN)]
    found = list(findings_slack.workspace(workspace))
    if patient.policy is None:
        return found
    if patient.policy.announce is not None:
        found += await tried("announce", _announce(checks, patient.policy.announce, workspace))
    return found + await _people(checks, patient.policy)


async def _announce(checks: SlackChecks, name: str, workspace: Workspace) -> list[Finding]:
    if findings_slack.is_channel_id(name):
        return [findings_slack.announce(name, await checks.channel_by_id(name), workspace.scopes)]
    channel = await checks.channel_by_name(name, private_too=findings_slack.sees_private(workspace.scopes))
    return [findings_slack.announce(name, channel, workspace.scopes)]


async def _people(checks: SlackChecks, policy: Policy) -> list[Finding]:
    """One finding for each person with whom something is wrong, and one for all the others."""
    named = {key: person for key, person in policy.people.items() if person.slack is not None}
    judged = [await tried("people", _person(checks, key, person, policy)) for key, person in named.items()]
    well = judged.count([])
    found = [finding for findings_of_one in judged for finding in findings_of_one]
    return [*found, ok("people", f"{well} of {len(named)} Slack ids are those of members of the workspace.")] if well else found


async def _person(checks: SlackChecks, key: str, person: Person, policy: Policy) -> list[Finding]:
    return list(findings_slack.user(key, person, await checks.user(str(person.slack)), policy))


# How Slack and the world reach us


async def _inbound(patient: Patient) -> list[Finding]:
    settings = patient.settings
    if settings.slack_bot_token is None:
        return []
    if settings.slack_app_token is not None:
        return await tried("inbound", _socket_mode(patient, _text(settings.slack_app_token)))
    if settings.public_url is None:
        return [findings_slack.unknown_address()]
    url = f"{settings.public_url}{manifest.EVENTS_PATH}"
    return await tried("inbound", _unsigned_post(patient, url), _PROXY_STEP)


async def _socket_mode(patient: Patient, token: str) -> list[Finding]:
    odd = findings_slack.wrong_kind("SLACK_APP_TOKEN", "xapp-", token)
    checks = SlackChecks(token=token, api_url=patient.settings.slack_api_url, session=patient.session)
    try:
        await checks.open_connection(token)
    except SendError as error:
        return [*([odd] if odd else []), findings_slack.connection(error)]
    return [findings_slack.connection(None)]


async def _unsigned_post(patient: Patient, url: str) -> list[Finding]:
    return [findings.slack_posts(url, await _status(patient, "POST", url))]


async def _web(patient: Patient) -> list[Finding]:
    url = patient.settings.public_url
    if url is None:
        return []
    plain = findings.without_tls(url)
    return [*([plain] if plain else []), *await tried("web", _healthz(patient, url), _PROXY_STEP)]


async def _healthz(patient: Patient, url: str) -> list[Finding]:
    return [findings.public_address(url, await _status(patient, "GET", f"{url}/healthz"))]


async def _status(patient: Patient, method: str, url: str) -> int:
    try:
        return await checks_web.probe(patient.session, method, url)
    except SendError as error:
        raise SendError(f"{url}: {error}", code=error.code) from error


# Phones


async def _twilio(patient: Patient) -> list[Finding]:
    settings = patient.settings
    if settings.twilio_account_sid is None:
        return []
    checks = TwilioChecks(
        account_sid=settings.twilio_account_sid,
        auth_token=_text(settings.twilio_auth_token),
        api_url=settings.twilio_api_url,
        session=patient.session,
    )
    found = await tried("phones", _account(checks), _CREDENTIALS_STEP)
    if any(finding.level is Level.FAIL for finding in found):
        return found
    questions: list[Awaitable[list[Finding]]] = [_balance(checks)]
    numbers = {"TWILIO_SMS_FROM": settings.twilio_sms_from, "TWILIO_VOICE_FROM": settings.twilio_voice_from}
    questions += [_number(checks, setting, number) for setting, number in numbers.items() if number is not None]
    if settings.twilio_whatsapp_from is not None:
        questions.append(_template(checks, settings.twilio_whatsapp_content_sid))
    for question in questions:
        found += await tried("phones", question)
    return found


async def _account(checks: TwilioChecks) -> list[Finding]:
    return list(findings_twilio.account(await checks.account()))


async def _balance(checks: TwilioChecks) -> list[Finding]:
    return [findings_twilio.balance(await checks.balance())]


async def _number(checks: TwilioChecks, setting: str, value: str) -> list[Finding]:
    """The number itself, and for one that texts who has to have approved it."""
    number = await checks.number(value)
    found = [findings_twilio.number(setting, value, number)]
    if number is None or setting != "TWILIO_SMS_FROM":
        return found
    if findings_twilio.is_toll_free(value):
        return [*found, findings_twilio.toll_free(value, await checks.toll_free_verification(number))]
    if findings_twilio.needs_campaign(value):
        return [*found, findings_twilio.campaign(value, await checks.campaign(number))]
    return found


async def _template(checks: TwilioChecks, content_sid: str | None) -> list[Finding]:
    status = None if content_sid is None else await checks.template(content_sid)
    return [findings_twilio.template(content_sid, status)]


# Mail


async def _mail(patient: Patient) -> list[Finding]:
    if patient.settings.smtp_url is None:
        return []
    return await tried("mail", _greeted(_text(patient.settings.smtp_url)), _MAIL_STEP)


async def _greeted(url: str) -> list[Finding]:
    return [findings.mail(await checks_mail.greet(url))]


# Sentry


async def _sentry(patient: Patient) -> list[Finding]:
    rules = None if patient.policy is None else patient.policy.gate.sentry
    issues = await Sentry(patient.session, SystemClock(), _text(patient.settings.sentry_token) or None).look(rules)
    return [] if issues is None else [findings.sentry(issues)]
