"""What talks out, built from the settings: senders by provider, who is asked, and what this installation cannot do."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp

from bot.clock import Clock
from bot.domain import links
from bot.domain.outbox import Sender
from bot.senders.email import Email
from bot.senders.sentry import Sentry
from bot.senders.slack import Slack
from bot.senders.sns import Sns
from bot.senders.twilio import Twilio
from bot.services.work import Links
from bot.settings import Settings
from bot.sources import sns


def limits_of(settings: Settings) -> tuple[str, ...]:
    """What this installation cannot do, in sentences; shown at the start and on every card."""
    limits = []
    if settings.slack_bot_token is None:
        limits.append("Slack is not connected: SLACK_BOT_TOKEN is not set.")
    if settings.twilio_account_sid is None:
        limits.append("Phones cannot ring: TWILIO_ACCOUNT_SID is not set.")
    elif settings.public_url is None and settings.twilio_voice_from is not None:
        limits.append("Calls cannot be answered by a key: MUSTER_PUBLIC_URL is not set, so they ask for a reply by SMS.")
    if settings.smtp_url is not None and (settings.secret_key is None or settings.public_url is None):
        missing = "MUSTER_SECRET_KEY" if settings.secret_key is None else "MUSTER_PUBLIC_URL"
        limits.append(f"Mails carry no link to acknowledge with: {missing} is not set.")
    return tuple(limits)


def links_of(settings: Settings) -> Links | None:
    """How a page's acknowledgement is addressed in a mail; None without a public URL or a key to sign with."""
    if settings.secret_key is None or settings.public_url is None:
        return None
    key, base = settings.secret_key.get_secret_value(), settings.public_url
    return lambda page_id, now: f"{base}/ack/{links.sign(key, page_id, now)}"


def senders_of(settings: Settings, session: aiohttp.ClientSession) -> dict[str, Sender]:
    """The sender of each provider that is set up."""
    senders: dict[str, Sender] = {}
    if settings.slack_bot_token is not None:
        token = settings.slack_bot_token.get_secret_value()
        senders["slack"] = Slack(token=token, api_url=settings.slack_api_url, session=session)
    if settings.twilio_account_sid is not None and settings.twilio_auth_token is not None:
        senders["twilio"] = Twilio(
            account_sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_token.get_secret_value(),
            sms_from=settings.twilio_sms_from,
            whatsapp_from=settings.twilio_whatsapp_from,
            content_sid=settings.twilio_whatsapp_content_sid,
            voice_from=settings.twilio_voice_from,
            voice_url=settings.public_url,
            api_url=settings.twilio_api_url,
            status_callback=f"{settings.public_url}/twilio/status" if settings.public_url else None,
            session=session,
        )
    if settings.smtp_url is not None and settings.email_from is not None:
        senders["email"] = Email(settings.smtp_url.get_secret_value(), settings.email_from)
    return senders


def sns_of(settings: Settings, session: aiohttp.ClientSession) -> Sns:
    """What asks Amazon SNS, on its own hosts alone."""
    return Sns(session, sns.is_on_sns, settings.sns_api_url)


def sentry_of(settings: Settings, session: aiohttp.ClientSession, clock: Clock) -> Sentry:
    """What asks Sentry for the gate, where the policy wants that."""
    token = settings.sentry_token
    return Sentry(session, clock, None if token is None else token.get_secret_value())


def own_numbers(settings: Settings) -> Sequence[str]:
    """Our numbers to which people reply, one of WhatsApp after ``whatsapp:``."""
    whatsapp = settings.twilio_whatsapp_from
    return [number for number in (settings.twilio_sms_from, f"whatsapp:{whatsapp}" if whatsapp else None) if number]
