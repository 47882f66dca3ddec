"""The only reader of the environment. A wrong value ends the start with one line that names it and says what is expected."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.crashpoints import CrashPoint
from bot.errors import SettingsError

_FILE_SUFFIX = "_FILE"
_KEY_LENGTH = 24
_NAMES = {
    "database_url": "DATABASE_URL",
    "policy": "MUSTER_POLICY",
    "host": "MUSTER_HOST",
    "port": "MUSTER_PORT",
    "public_url": "MUSTER_PUBLIC_URL",
    "lease_seconds": "MUSTER_LEASE_SECONDS",
    "crashpoint": "MUSTER_CRASHPOINT",
    "slack_bot_token": "SLACK_BOT_TOKEN",
    "slack_signing_secret": "SLACK_SIGNING_SECRET",
    "slack_app_token": "SLACK_APP_TOKEN",
    "slack_api_url": "SLACK_API_URL",
    "twilio_account_sid": "TWILIO_ACCOUNT_SID",
    "twilio_auth_token": "TWILIO_AUTH_TOKEN",
    "twilio_sms_from": "TWILIO_SMS_FROM",
    "twilio_whatsapp_from": "TWILIO_WHATSAPP_FROM",
    "twilio_whatsapp_content_sid": "TWILIO_WHATSAPP_CONTENT_SID",
    "twilio_voice_from": "TWILIO_VOICE_FROM",
    "twilio_api_url": "TWILIO_API_URL",
    "sns_api_url": "SNS_API_URL",
    "sentry_token": "SENTRY_TOKEN",
    "smtp_url": "SMTP_URL",
    "email_from": "EMAIL_FROM",
    "secret_key": "MUSTER_SECRET_KEY",
    "log_level": "LOG_LEVEL",
    "log_format": "LOG_FORMAT",
}


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("expected an address that begins with http:// or https://")
    return value


def _mail_server(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("smtp://", "smtps://")):
        raise ValueError("expected smtp://user:password@host:587 or smtps://…")
    return value


def _long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _KEY_LENGTH:
        raise ValueError(f"expected at least {_KEY_LENGTH} random characters, such as `openssl rand -hex 32` gives")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
MailServer = Annotated[SecretStr, AfterValidator(_mail_server)]
SigningKey = Annotated[SecretStr, AfterValidator(_long_enough)]
PhoneNumber = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
_PAIRS = (
    ("twilio_account_sid", "twilio_auth_token"),
    ("smtp_url", "email_from"),
)
_SENDERS = ("twilio_sms_from", "twilio_whatsapp_from", "twilio_voice_from")


class Settings(BaseModel):
    """What the environment says; field names are those of ``_NAMES``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str = "sqlite+aiosqlite:///muster.db"
    policy: str = "default"
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: WebAddress | None = None
    lease_seconds: float = Field(30, gt=0, le=600)
    crashpoint: tuple[str, int] | None = None
    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: WebAddress = "https://slack.com/api/"
    twilio_account_sid: str | None = Field(None, pattern=r"^AC[0-9a-f]{32}$")
    twilio_auth_token: SecretStr | None = None
    twilio_sms_from: PhoneNumber | None = None
    twilio_whatsapp_from: PhoneNumber | None = None
    twilio_whatsapp_content_sid: str | None = Field(None, pattern=r"^HX[0-9a-fA-F]{32}$")
    twilio_voice_from: PhoneNumber | None = None
    twilio_api_url: WebAddress = "https://api.twilio.com"
    sns_api_url: WebAddress | None = None
    sentry_token: SecretStr | None = None
    smtp_url: MailServer | None = None
    email_from: str | None = Field(None, pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    secret_key: SigningKey | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_crashpoint(cls, values: Any) -> Any:
        wanted = values.get("crashpoint")
        if not isinstance(wanted, str):
            return values
        name, _, count = wanted.partition(":")
        if name.partition("@")[0] not in set(CrashPoint) or not (count or "1").isdigit():
            raise ValueError(f"MUSTER_CRASHPOINT: expected NAME:COUNT with a name of {', '.join(CrashPoint)}")
        return {**values, "crashpoint": (name, int(count or 1))}

    @model_validator(mode="after")
    def _in_pairs(self) -> Settings:
        for names in _PAIRS:
            self._all_or_none(names)
        way_in = "slack_app_token" if self.slack_app_token is not None else "slack_signing_secret"
        self._all_or_none(("slack_bot_token", way_in))
        senders = [name for name in _SENDERS if getattr(self, name) is not None]
        if bool(senders) != (self.twilio_account_sid is not None):
            missing = "TWILIO_ACCOUNT_SID" if senders else "TWILIO_SMS_FROM"
            raise ValueError(f"{missing}: expected a value beside {_NAMES[senders[0]] if senders else 'TWILIO_ACCOUNT_SID'}")
        if self.twilio_whatsapp_content_sid is not None and self.twilio_whatsapp_from is None:
            raise ValueError("TWILIO_WHATSAPP_FROM: expected a value beside TWILIO_WHATSAPP_CONTENT_SID")
        if self.public_url is not None and self.public_url.endswith("/"):
            raise ValueError("MUSTER_PUBLIC_URL: expected an address without / at its end")
        return self

    def _all_or_none(self, names: tuple[str, ...]) -> None:
        missing = [_NAMES[name] for name in names if getattr(self, name) is None]
        if missing and len(missing) < len(names):
            rest = " and ".join(_NAMES[name] for name in names if _NAMES[name] not in missing)
            raise ValueError(f"{', '.join(missing)}: expected a value beside {rest}")


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of the environment; raises SettingsError with one line for each wrong value."""
    environment = os.environ if environment is None else environment
    values, problems = {}, []
    for field, name in _NAMES.items():
        try:
            value = _value(name, environment)
        except SettingsError as error:
            problems.append(str(error))
            continue
        if value is not None:
            values[field] = value
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += [_sentence(found) for found in error.errors()]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _value(name: str, environment: Mapping[str, str]) -> str | None:
    """The value of NAME, else what stands in the file that NAME_FILE names; an empty one counts as missing."""
    if environment.get(name):
        return environment[name]
    path = environment.get(f"{name}{_FILE_SUFFIX}")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        reason = type(error).__name__
        raise SettingsError(f"{name}{_FILE_SUFFIX}: expected a file that can be read, got {path} ({reason})") from error


def _sentence(found: Any) -> str:
    message = str(found["msg"]).removeprefix("Value error, ")
    if not found["loc"]:
        return message
    name = _NAMES[str(found["loc"][0])]
    return f"{name}: {message[0].lower()}{message[1:]}"


def resolve_secret(reference: str, environment: Mapping[str, str] | None = None) -> str:
    """The value that ``env:NAME`` of a policy stands for, NAME_FILE included; raises SettingsError when it is missing."""
    name = reference.removeprefix("env:")
    value = _value(name, os.environ if environment is None else environment)
    if value is None:
        raise SettingsError(f"{name}: expected a value, for the policy names it as a secret")
    return value


def client_settings(environment: Mapping[str, str] | None = None) -> tuple[str, str | None]:
    """Where the running bot is (MUSTER_URL) and the bearer token to use (MUSTER_TOKEN), for the command line."""
    environment = os.environ if environment is None else environment
    return _value("MUSTER_URL", environment) or "http://127.0.0.1:8080", _value("MUSTER_TOKEN", environment)


def read_policy(name: str) -> tuple[str, str]:
    """The label and the text of a shipped policy, of a text in its folder (``jovie/NAME.md``), or of the file at a path.

    Raises FileNotFoundError, which lists the shipped policies. A path with a dot or a slash at its beginning is never a shipped one.
    """
    shipped = files("bot.policies") / (name if name.endswith(".md") else f"{name}.yml")
    if not name.startswith((".", "/")) and ("/" not in name or name.endswith(".md")) and shipped.is_file():
        return (name if name.endswith(".md") else f"{name}.yml"), shipped.read_text(encoding="utf-8")
    path = Path(name)
    if not path.is_file():
        if name.endswith(".md"):
            raise FileNotFoundError(f"there is no file {name!r}")
        names = ", ".join(shipped_policies())
        raise FileNotFoundError(f"there is no file {name!r} and no shipped policy of that name; shipped are {names}")
    return name, path.read_text(encoding="utf-8")


def shipped_policies() -> list[str]:
    """The names of the shipped policies, in their order."""
    return sorted(file.name.removesuffix(".yml") for file in files("bot.policies").iterdir() if file.name.endswith(".yml"))


def lend_secrets(secrets: Mapping[str, str]) -> None:
    """Gives this process the secrets that a policy names, for the demo, which makes its own."""
    os.environ.update(secrets)
