"""Messages of Amazon SNS at the door: genuine, fresh, and of a topic that the policy names, or they are refused (SECURITY 29, 30)."""

from __future__ import annotations

from bot.errors import Malformed, SendError
from bot.sources import sns
from bot.sources.fields import at
from bot.sources.source import Delivery
from bot.web.arrivals import Arrival
from bot.web.edge import Edge


async def refused(arrival: Arrival, edge: Edge, delivery: Delivery) -> str | None:
    """Why a message is refused, in a sentence; None for one to be taken. Raises SendError while its certificate cannot be had.

    What asks us to fetch an address is checked even where the policy does without signatures; a trial never is, for it has no effect.
    """
    asks = at(delivery.payload, "Type") == "SubscriptionConfirmation"
    if arrival.known and (arrival.tried or not asks):
        return None
    payload, rule, now = delivery.payload, arrival.monitor.rule, delivery.received_at
    if (sentence := sns.refusal(payload, rule.topics, rule.signature_version_1, now)) is not None:
        return sentence
    try:
        where = sns.certificate_url(payload)
        if asks:
            sns.subscribe_url(payload)
    except Malformed as error:
        return str(error)
    if edge.certificates is None:
        raise SendError("Certificates of SNS cannot be fetched here.")
    return sns.verify(payload, await edge.certificates.certificate(where), rule.topics, rule.signature_version_1, now)
