"""When a document is issued: the instant, and the day at its legal entity, which gives the year."""

import datetime as dt
from dataclasses import dataclass

from eur_pipeline.config import Config


@dataclass(frozen=True)
class IssueStamp:
    """The moment at which a batch is issued, to the second."""

    config: Config
    instant: dt.datetime

    @classmethod
    def of(cls, config: Config, now: dt.datetime | None = None) -> "IssueStamp":
        """That moment, by default now."""
        instant = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
        return cls(config, instant.replace(microsecond=0))

    def at(self, legal_entity: str) -> tuple[dt.date, str]:
        """The day at that entity, and its time zone's name."""
        zone = self.config.entity_time_zone(legal_entity)
        return self.instant.astimezone(zone).date(), zone.key
