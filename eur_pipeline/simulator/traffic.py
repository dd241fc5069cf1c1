"""What the company chats about: every message of any day, always the same for the same seed.

A day is made in each site's own local time. Cutting it into archives is done in `archive.py`.
"""

import datetime as dt
import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from eur_pipeline.simulator import texts
from eur_pipeline.simulator.chat import MILLISECOND, Chat, Message, Party
from eur_pipeline.simulator.company import OFFICES, Company, Office, Person
from eur_pipeline.simulator.words import EXTERNAL_ADDRESSES

DAY = dt.timedelta(days=1)

# How likely a chat starts in each local hour, from midnight: office hours with a dip at lunch.
HOUR_WEIGHTS = (
    2, 1, 1, 1, 1, 2, 8, 30, 80, 120, 125, 110,
    40, 70, 120, 115, 100, 60, 25, 10, 6, 5, 4, 3,
)  # fmt: skip
OFFICE_HOURS = range(8, 18)
CHATS_PER_PERSON = 3.0
WEEKEND_SHARE = 0.03
# Even with the longest pauses a chat of so many ends on the next day at the latest.
MOST_MESSAGES = 60
LARGE_FILE_BYTES = 5_000_000_000  # more than 32 bits can say


class Traffic:
    """All that a company's people send."""

    def __init__(self, company: Company, *, seed: int) -> None:
        self._seed = seed
        self._staff = {office: company.at(office) for office in OFFICES}
        self._teams = _teams(company)
        self._talkativeness = {
            office: _talkativeness(people, seed) for office, people in self._staff.items()
        }
        # Archives are made in the order of time: the neighbouring days suffice.
        self._day = lru_cache(maxsize=4)(self._make_day)
        self._office_day = lru_cache(maxsize=4 * len(OFFICES))(self._make_office_day)

    def between(self, start: dt.datetime, end: dt.datetime) -> list[Message]:
        """The messages sent at `start` or later but before `end` (UTC), in order."""
        found: list[Message] = []
        day = start.date()
        while day <= end.date():
            messages = self._day(day)
            first = bisect_left(messages, start, key=_sent_at)
            found += messages[first : bisect_left(messages, end, key=_sent_at)]
            day += DAY
        return found

    def _make_day(self, day: dt.date) -> list[Message]:
        """The messages of one UTC day; chats of the local days around it reach into it."""
        messages = [
            message
            for local_day in (day - DAY, day, day + DAY)
            for office in OFFICES
            for message in self._office_day(office, local_day)
            if message.sent_at.date() == day
        ]
        return sorted(messages, key=_sent_at)

    def _make_office_day(self, office: Office, day: dt.date) -> list[Message]:
        """The messages of all chats that a site's people start on one local day."""
        rng = random.Random(f"traffic/{self._seed}/{office.name}/{day}")
        people, working = self._staff[office], day.weekday() < 5
        share = 1.0 if working else WEEKEND_SHARE
        starters = rng.choices(
            people,
            cum_weights=self._talkativeness[office],
            k=round(len(people) * CHATS_PER_PERSON * share),
        )
        chats = [self._chat(rng, _moment(rng, office, day), person) for person in starters]
        if working:
            chats.append(self._trial(rng, office, day))
        return [message for chat in chats for message in chat.messages]

    def _chat(self, rng: random.Random, at: dt.datetime, starter: Person) -> Chat:
        chosen = rng.choices(("two", "call", "group", "external"), (66, 12, 12, 10))[0]
        me, partner = _party(starter), _party(self._partner(rng, at, starter))
        if chosen == "external":
            partner = Party(rng.choice(EXTERNAL_ADDRESSES), me.site)
        chat = Chat(rng, _conversation_id(rng, "c"), at, [me, partner])
        if chosen == "call":
            chat.conversation_id, chat.pause_seconds = _conversation_id(rng, "call"), 60
            _talk_during_call(chat)
        elif chosen == "group":
            _talk(chat)
            self._widen(chat, starter)
            _talk(chat)
        else:
            _talk(chat)
        return chat

    def _widen(self, chat: Chat, starter: Person) -> None:
        guest = _party(self._partner(chat.rng, chat.at, starter))
        if guest not in chat.parties:
            chat.pause()
            chat.invite(chat.parties[0], guest)

    def _partner(self, rng: random.Random, at: dt.datetime, person: Person) -> Person:
        """A colleague to chat with: mostly of the own team, abroad only while they are at work."""
        drawn = rng.random()
        team = self._teams[person.office, person.department]
        candidates: Sequence[Person] = self._staff[person.office]
        if drawn < 0.5 and len(team) > 1:
            candidates = team
        elif drawn > 0.75:
            abroad = next(office for office in OFFICES if office != person.office)
            if _at_work(abroad, at):
                candidates = self._staff[abroad]
        return _somebody_else(rng, candidates, person)

    def _trial(self, rng: random.Random, office: Office, day: dt.date) -> Chat:
        """Each working morning two people try out whatever a chat client may be given."""
        staff = self._staff[office]
        tester = rng.choice(staff)
        parties = [_party(tester), _party(_somebody_else(rng, staff, tester))]
        at = dt.datetime.combine(day, dt.time(10, 15), office.time_zone).astimezone(dt.UTC)
        chat = Chat(rng, _conversation_id(rng, "c"), at, parties, pause_seconds=3)
        for number, body in enumerate(texts.PECULIAR_BODIES):
            chat.pause()
            chat.say(parties[number % 2], body)
        chat.say_again(same_millisecond=True)
        chat.say_again(same_millisecond=False)
        chat.pause()
        chat.say(parties[0], texts.long_body(rng, texts.LONGEST_BODY_BYTES))
        chat.offer_file(parties[0], "backup.img", LARGE_FILE_BYTES)
        return chat


def _talk(chat: Chat) -> None:
    rng = chat.rng
    sender = chat.parties[0]
    for _ in range(min(2 + int(rng.expovariate(1 / 8)), MOST_MESSAGES // 2)):
        chat.pause()
        _write(chat, sender)
        if rng.random() < 0.6:
            sender = rng.choice([party for party in chat.parties if party != sender])


def _write(chat: Chat, sender: Party) -> None:
    rng = chat.rng
    drawn = rng.random()
    if drawn < 0.03:
        chat.offer_file(sender, *texts.file_offer(rng))
    elif drawn < 0.06:
        chat.say(sender, rng.choice(texts.PECULIAR_BODIES))
    elif drawn < 0.0605:
        chat.say(sender, texts.long_body(rng, rng.randint(2_000, texts.LONGEST_BODY_BYTES)))
    else:
        chat.say(sender, texts.everyday_body(rng))
        if drawn > 0.98:
            chat.say_again(same_millisecond=drawn > 0.995)


def _talk_during_call(chat: Chat) -> None:
    for _ in range(chat.rng.randint(1, 8)):
        chat.pause()
        chat.say(chat.rng.choice(chat.parties), texts.call_body(chat.rng))


def _party(person: Person) -> Party:
    return Party(person.address, person.office.name)


def _somebody_else(rng: random.Random, people: Sequence[Person], person: Person) -> Person:
    while (chosen := rng.choice(people)) == person:
        pass
    return chosen


def _conversation_id(rng: random.Random, prefix: str) -> str:
    return f"{prefix}-{rng.getrandbits(48):012x}"


def _moment(rng: random.Random, office: Office, day: dt.date) -> dt.datetime:
    """An instant (UTC) of a local day, at an hour when people chat."""
    hour = rng.choices(range(24), HOUR_WEIGHTS)[0]
    local = dt.datetime.combine(day, dt.time(hour), office.time_zone).astimezone(dt.UTC)
    return local + MILLISECOND * rng.randrange(3_600_000)


def _at_work(office: Office, at: dt.datetime) -> bool:
    local = at.astimezone(office.time_zone)
    return local.weekday() < 5 and local.hour in OFFICE_HOURS


def _teams(company: Company) -> dict[tuple[Office, str], list[Person]]:
    teams: dict[tuple[Office, str], list[Person]] = defaultdict(list)
    for person in company.people:
        teams[person.office, person.department].append(person)
    return teams


def _talkativeness(people: Sequence[Person], seed: int) -> list[float]:
    """Cumulative weights: some people start many chats, others few."""
    rng = random.Random(f"talkativeness/{seed}")
    return list(accumulate(rng.lognormvariate(0, 0.5) for _ in people))


def _sent_at(message: Message) -> dt.datetime:
    return message.sent_at
