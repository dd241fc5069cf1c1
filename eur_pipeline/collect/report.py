"""What a collection did, and how far it is. Showing it is the business of others."""

import time
from dataclasses import dataclass, field

from eur_pipeline.collect.landing import Manifest
from eur_pipeline.collect.plan import Plan, Waiting, alarms


@dataclass(frozen=True)
class Progress:
    """How far a collection is: files that are safe, bytes that have arrived, since when."""

    files: int
    total_files: int
    bytes: int
    total_bytes: int
    seconds: float = 0.0

    @property
    def bytes_per_second(self) -> float:
        """The mean rate so far."""
        return self.bytes / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At that rate; None while there is none."""
        rate = self.bytes_per_second
        return (self.total_bytes - self.bytes) / rate if rate else None


@dataclass
class CollectReport:
    """What one collection did.

    Attributes:
        collected: The archives that were landed, in order.
        removed: How many were removed from the server.
        waiting: Files that stay on the server, by name.
        left_alone: What lies in the remote folder and is no file, by name, and why.
        postponed: How many files the limits of one run left for the next.
        seconds: How long it took.
    """

    collected: list[Manifest] = field(default_factory=list)
    removed: int = 0
    waiting: dict[str, Waiting] = field(default_factory=dict)
    left_alone: dict[str, str] = field(default_factory=dict)
    postponed: int = 0
    seconds: float = 0.0

    @property
    def bytes_per_second(self) -> float:
        """The mean rate, from the first connection to the last removal."""
        return self.bytes / self.seconds if self.seconds else 0.0

    def begin(self, plan: Plan) -> None:
        """Take over what a new look at the server showed."""
        self.waiting = dict(plan.waiting)
        self.left_alone = plan.left_alone
        self.postponed = plan.postponed

    @property
    def bytes(self) -> int:
        """Bytes landed."""
        return sum(manifest.size for manifest in self.collected)

    @property
    def duplicates(self) -> int:
        """How many of the collected had content that was landed before."""
        return sum(manifest.duplicate_of is not None for manifest in self.collected)

    @property
    def alarms(self) -> dict[str, str]:
        """Why which files should be looked after."""
        return alarms(self.waiting)


@dataclass
class Tally:
    """Counts what arrives, over all attempts."""

    safe_files: int = 0
    _received: int = 0
    _shown_bytes: int = 0
    _total_files: int = 0
    _total_bytes: int = 0
    _failures: int = 0
    _received_at_failure: int = 0
    _began: float = field(default_factory=time.monotonic)

    def begin(self, plan: Plan) -> None:
        """Another attempt: what is left to do comes on top of what is done."""
        self._total_files = self.safe_files + len(plan.todo)
        self._total_bytes = self._shown_bytes + plan.bytes

    def arrived(self, count: int, *, before: bool = False) -> None:
        """That many bytes are here; `before` means since an earlier attempt."""
        self._shown_bytes += count
        self._received += 0 if before else count

    def failures_without_news(self) -> int:
        """How often in a row an attempt failed, this one included, with no new byte between."""
        news = self._received > self._received_at_failure
        self._failures = 1 if news else self._failures + 1
        self._received_at_failure = self._received
        return self._failures

    def progress(self) -> Progress:
        """How far it is."""
        return Progress(
            self.safe_files,
            self._total_files,
            min(self._shown_bytes, self._total_bytes),
            self._total_bytes,
            time.monotonic() - self._began,
        )
