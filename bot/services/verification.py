"""Numbers proved by code: a text goes to the number that the policy has, and its owner types the code back in Slack (SECURITY)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from bot.domain.outbox import Kind
from bot.domain.people import Member
from bot.domain.timeline import EntryKind
from bot.errors import Malformed
from bot.messages import sms
from bot.services.work import UnitOfWork
from bot.store import outbox, people

LIFE = timedelta(minutes=10)
_AGAIN_AFTER = timedelta(minutes=1)
_DIGITS = 6


def _digest(member: Member, code: str) -> str:
    return hashlib.sha256(f"{member.id}\x00{member.phone}\x00{code}".encode()).hexdigest()


async def send_code(work: UnitOfWork, member: Member) -> str:
    """A sentence for the person, after a code was sent to their number; one a minute at most."""
    if member.phone is None:
        raise Malformed("The policy has no phone number for you. Ask an owner to add it.")
    _, until = await people.find_phone_code(work.tx, member.id)
    if until is not None and until - LIFE + _AGAIN_AFTER > work.now:
        raise Malformed("A code was sent a moment ago. Wait a minute before you ask for another.")
    code = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
    await people.change_person(work.tx, member.id, phone_code=_digest(member, code), phone_code_until=work.now + LIFE)
    words = {"to": member.phone, "body": sms.verification(code)}
    await outbox.add_message(work.tx, Kind.SMS, words, lane=f"phone:{member.id}", created_at=work.now, valid_until=work.now + LIFE)
    return f"A code was sent to your number that ends in {member.phone[-2:]}. Type `/incident verify` and the code within 10 minutes."


async def confirm(work: UnitOfWork, member: Member, typed: str) -> str:
    """A sentence for the person whose number is proved now; a wrong code spends the one that was sent."""
    digest, until = await people.find_phone_code(work.tx, member.id)
    if digest is None or until is None or until < work.now:
        return "No code is waiting for you. Type `/incident verify` to get one."
    right = hmac.compare_digest(digest, _digest(member, "".join(typed.split())))
    values = {"phone_verified_at": work.now} if right else {}
    await people.change_person(work.tx, member.id, phone_code=None, **values)
    await work.write(EntryKind.NOTE, None, actor_id=member.id, facts={"what": "phone verified" if right else "wrong verification code"})
    if right:
        return "Your number is verified. Pages will reach you there."
    return "That is not the code. It is spent now: type `/incident verify` to get another."
