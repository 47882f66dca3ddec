"""What comes from a phone, in the fields that Twilio posts, and what the bot's answer to it says."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox import twiml
from bot.sandbox.texts import Sms, address, segments
from bot.sandbox.whatsapp import PREFIX

HELP_TEXT = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
_STOP = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"])
_START = frozenset(["START", "YES", "UNSTOP"])
_HELP = frozenset(["HELP", "INFO"])


def keyword(text: str) -> str | None:
    """Which of Twilio's own words a message is: STOP, START, HELP, or none of them."""
    word = text.strip().upper()
    kinds = (("STOP", _STOP), ("START", _START), ("HELP", _HELP))
    return next((kind for kind, words in kinds if word in words), None)


def fields_of(sms: Sms, account: str) -> dict[str, str]:
    """The fields of a message that came from a phone."""
    fields = {"Body": sms.body, "From": address(sms.from_, sms.channel), "To": address(sms.to, sms.channel)}
    fields |= {"NumMedia": str(len(sms.media)), "NumSegments": str(segments(sms.body))}
    fields |= {"MessageSid": sms.sid, "SmsSid": sms.sid, "SmsMessageSid": sms.sid, "SmsStatus": "received"}
    fields |= {"AccountSid": account, "ApiVersion": "2010-04-01"}
    for place, kind in enumerate(sms.media):
        fields[f"MediaContentType{place}"] = kind
        fields[f"MediaUrl{place}"] = f"https://api.twilio.com/2010-04-01/Accounts/{account}/Messages/{sms.sid}/Media/ME{place:032x}"
    if sms.channel == "sms":
        return fields | {"FromCountry": "US"}
    kind = sms.media[0].partition("/")[0] if sms.media else "text"
    return fields | {"ProfileName": "Phone", "WaId": sms.from_.removeprefix("+"), "MessageType": kind, "ReferralNumMedia": "0"}


def pressed(lying: Sequence[Sms], button: str | None, replied_to: str | None) -> dict[str, str]:
    """What WhatsApp adds when a person presses a button or answers one message in particular; raises ValueError."""
    if button is None and replied_to is None:
        return {}
    fitting = [sms for sms in lying if replied_to in (None, sms.sid) and (button is None or sms.buttons)]
    if not fitting:
        raise ValueError("there is no such WhatsApp message on that phone")
    meant = fitting[-1]
    more = {"OriginalRepliedMessageSid": meant.sid, "OriginalRepliedMessageSender": f"{PREFIX}{meant.from_}"}
    if button is None:
        return more
    found = next((pair for pair in meant.buttons if button in pair), None)
    if found is None:
        raise ValueError(f"button: expected one of {', '.join(title for title, _ in meant.buttons)}, got {button!r}")
    return more | {"MessageType": "button", "ButtonText": found[0], "ButtonPayload": found[1]}


def said(document: str) -> list[str]:
    """The texts that a TwiML answer sends back; raises TwimlError."""
    verbs = twiml.read(document, twiml.MESSAGING) if document else []
    return [verb.text for verb in verbs if verb.name == "Message"]
