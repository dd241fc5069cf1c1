"""What an examination comes to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eur_pipeline.errors import EurError, PermanentError

_EXAMPLES = 3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        good: None where it could not be found out.
        detail: What was found; where that is not good, also what was expected, and what to do.
    """

    subject: str
    good: bool | None
    detail: str


class UnknownError(EurError):
    """An examination could not be made; the message says why, and what that means."""


def look(subject: str, examine: Callable[[], str]) -> Finding:
    """What the examination says; one that raises our errors found something bad."""
    try:
        return Finding(subject, True, examine())
    except UnknownError as error:
        return Finding(subject, None, str(error))
    except EurError as error:
        return Finding(subject, False, str(error))
    except OSError as error:
        return Finding(
            subject,
            False,
            f"{error.filename}: {error.strerror}; expected what the user of this command may read",
        )


def all_of(faults: Sequence[str]) -> None:
    """Raise a PermanentError that says them all, if there are any."""
    if faults:
        raise PermanentError("\n".join(faults))


def some_of(names: Sequence[object]) -> str:
    """The first few, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:_EXAMPLES])
    more = len(names) - _EXAMPLES
    return f"{shown} and {more:,} more" if more > 0 else shown
