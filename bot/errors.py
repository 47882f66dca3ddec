"""Errors that a reader can act on: every message is a sentence that says what to do next.

::

    MusterError
    ├── SettingsError            a value of the environment is missing or malformed
    ├── PolicyError              a policy file is wrong (domain.policy_file); carries one problem a line
    ├── Refused                  the request was understood and is not done; its sentence is shown to the person
    │   ├── InvalidTransition    the incident is not in a state that allows it; NotVerified (domain.resolving) has its reasons
    │   ├── NotAllowed           the person's access role does not reach that far
    │   ├── NotFound             no such incident, person, severity or role
    │   └── Malformed            the words of a command or a body could not be read
    ├── Conflict                 another transaction was first; the use case is run again by services.work
    └── SendError                a provider did not take a message (permanent, retry_after, ambiguous)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta


class MusterError(Exception):
    """Everything this program raises by itself."""


class SettingsError(MusterError):
    """A value of the environment is missing or malformed; the text names it and says what is expected."""


class Refused(MusterError):
    """The request was understood and is not done; ``str(error)`` is shown to the person who asked.

    ``where`` names the field of a form that it is about, None for the whole. ``reasons`` are there where several things stand against it,
    each as a stable ``code`` and a ``message``.
    """

    code = "refused"
    reasons: Sequence[Mapping[str, str]] = ()

    def __init__(self, message: str, *, where: str | None = None) -> None:
        super().__init__(message)
        self.where = where


class InvalidTransition(Refused):
    """The incident's present state does not allow the step."""

    code = "invalid_transition"


class NotAllowed(Refused):
    """The asker's access role does not allow the step."""

    code = "not_allowed"


class NotFound(Refused):
    """What was named does not exist, or the asker may not know that it does."""

    code = "not_found"


class Malformed(Refused):
    """The words or the body could not be read; the text names the place and what was expected."""

    code = "malformed"


class Conflict(MusterError):
    """A row changed, or appeared, between our read and our write; run the use case again."""


class SendError(MusterError):
    """A provider did not take a message.

    ``permanent``: sending the same again cannot succeed. ``retry_after``: how long the provider asked us to wait.
    ``ambiguous``: the request may have been carried out although no answer came back.
    ``gate``: the rate gate to close for ``retry_after``; None closes none.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        permanent: bool = False,
        retry_after: timedelta | None = None,
        ambiguous: bool = False,
        gate: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.permanent = permanent
        self.retry_after = retry_after
        self.ambiguous = ambiguous
        self.gate = gate
