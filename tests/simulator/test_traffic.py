"""Two working days of 200 people hold everything that real chats hold."""

import datetime as dt
from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

import pytest

from eur_pipeline.simulator.chat import Message
from eur_pipeline.simulator.company import Company
from eur_pipeline.simulator.texts import PECULIAR_BODIES
from eur_pipeline.simulator.traffic import Traffic

START = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)  # a Monday
END = START + dt.timedelta(days=2)
ZONES = {"geneva": ZoneInfo("Europe/Zurich"), "boston": ZoneInfo("America/New_York")}


def make_traffic(seed: int = 1) -> Traffic:
    return Traffic(Company.make(seed=seed, users=200), seed=seed)


@pytest.fixture(scope="module")
def sent() -> list[Message]:
    return make_traffic().between(START, END)


@pytest.fixture(scope="module")
def chats(sent: list[Message]) -> dict[str, list[Message]]:
    found = defaultdict(list)
    for message in sent:
        found[message.conversation_id].append(message)
    return found


def is_external(address: str) -> bool:
    return not address.endswith("@presence.example")


def test_same_seed_same_messages_other_seed_others(sent: list[Message]) -> None:
    assert make_traffic().between(START, END) == sent
    assert make_traffic(seed=2).between(START, END) != sent


def test_any_cut_of_the_time_gives_the_same_messages(sent: list[Message]) -> None:
    traffic, at, pieces = make_traffic(), START, []
    while at < END:
        pieces += traffic.between(at, at + dt.timedelta(hours=5))
        at += dt.timedelta(hours=5)
    assert [m for m in pieces if m.sent_at < END] == sent


def test_messages_come_in_the_order_of_time_and_to_the_millisecond(sent: list[Message]) -> None:
    times = [message.sent_at for message in sent]
    assert times == sorted(times)
    assert all(time.microsecond % 1000 == 0 for time in times)


def test_a_person_sends_25_to_35_messages_a_working_day(sent: list[Message]) -> None:
    assert 25 <= len(sent) / 200 / 2 <= 35


def test_a_weekend_is_quiet() -> None:
    saturday = dt.datetime(2026, 3, 7, 12, tzinfo=dt.UTC)
    assert 0 < len(make_traffic().between(saturday, saturday + dt.timedelta(hours=24))) < 1000


@pytest.mark.parametrize("site", ["geneva", "boston"])
def test_a_site_chats_in_its_own_office_hours_and_less_at_lunch(
    sent: list[Message], site: str
) -> None:
    hours = Counter(m.sent_at.astimezone(ZONES[site]).hour for m in sent if m.site == site)
    working = [hours[h] for h in (9, 10, 11, 14, 15, 16)]
    assert hours[12] < min(working)
    assert sum(hours[h] for h in range(6)) < sum(hours.values()) / 50


def test_a_message_is_archived_by_its_senders_site(sent: list[Message]) -> None:
    site_of = {p.address: p.office.name for p in Company.make(seed=1, users=200).people}
    for message in sent:
        if not is_external(message.sender):
            assert message.site == site_of[message.sender]


def test_an_external_senders_message_is_archived_by_its_recipients_site(
    sent: list[Message],
) -> None:
    site_of = {p.address: p.office.name for p in Company.make(seed=1, users=200).people}
    received = [m for m in sent if is_external(m.sender)]
    assert {m.site for m in received} == {"geneva", "boston"}
    assert all(m.site == site_of[m.recipients[0]] for m in received)


def test_the_company_also_writes_to_other_companies(sent: list[Message]) -> None:
    domains = {a.split("@")[1] for m in sent for a in m.recipients if is_external(a)}
    assert "partner.example" in domains


def test_there_are_chats_between_the_sites(chats: dict[str, list[Message]]) -> None:
    assert any(len({m.site for m in chat}) == 2 for chat in chats.values())


def test_who_is_invited_receives_everything_from_then_on(chats: dict[str, list[Message]]) -> None:
    widened = [chat for chat in chats.values() if any(m.kind == "invite" for m in chat)]
    assert len(widened) > 50
    for chat in widened:
        at = next(i for i, m in enumerate(chat) if m.kind == "invite")
        (guest,) = chat[at].recipients
        assert chat[at].body is None
        assert all(guest not in (m.sender, *m.recipients) for m in chat[:at])
        assert all(guest in (m.sender, *m.recipients) for m in chat[at + 1 :])


def test_a_message_to_two_people_is_one_record(sent: list[Message]) -> None:
    to_two = [m for m in sent if len(m.recipients) == 2]
    assert len(to_two) > 500
    assert all(len({m.sender, *m.recipients}) == 3 for m in to_two)


def test_chats_during_calls_have_few_and_short_messages(chats: dict[str, list[Message]]) -> None:
    calls = [chat for name, chat in chats.items() if name.startswith("call-")]
    assert len(calls) > 50
    assert all(len(chat) <= 8 for chat in calls)
    assert all(len(m.body or "") <= 20 for chat in calls for m in chat)


def test_file_transfers_have_a_name_and_a_size_but_no_body(sent: list[Message]) -> None:
    files = [m for m in sent if m.kind == "file_transfer"]
    assert len(files) > 100
    assert all(m.file_name and m.file_bytes and m.body is None for m in files)
    assert max(m.file_bytes or 0 for m in files) > 2**32


def test_only_file_transfers_have_files_and_all_messages_have_bodies(sent: list[Message]) -> None:
    messages = [m for m in sent if m.kind == "message"]
    assert all(m.body is not None and m.file_name is None for m in messages)


def test_every_peculiar_body_is_sent(sent: list[Message]) -> None:
    assert set(PECULIAR_BODIES) <= {m.body for m in sent}


@pytest.mark.parametrize(
    "part",
    ["]]>", "<&>\"'", "\t", "\n", "\r", "\u2028", "\u200d", "𠜎", "e\u0301", "שלום", "مرحبا"],
)
def test_a_peculiar_body_contains(part: str) -> None:
    assert any(part in body for body in PECULIAR_BODIES)


def test_an_empty_body_and_blanks_are_among_the_peculiar_ones() -> None:
    assert "" in PECULIAR_BODIES
    assert any(body.isspace() for body in PECULIAR_BODIES)


def test_a_few_bodies_are_long_and_none_is_above_64_kib(sent: list[Message]) -> None:
    sizes = [len(m.body.encode()) for m in sent if m.body]
    assert max(sizes) == 65536
    assert 4 <= sum(size > 2000 for size in sizes) < 50


def test_equal_messages_stand_in_one_second_and_even_in_one_millisecond(
    sent: list[Message],
) -> None:
    instants = Counter((m.sender, m.conversation_id, m.body, m.sent_at) for m in sent)
    seconds = Counter(
        (m.sender, m.conversation_id, m.body, m.sent_at.replace(microsecond=0)) for m in sent
    )
    assert max(instants.values()) == 2
    assert sum(n > 1 for n in seconds.values()) > sum(n > 1 for n in instants.values()) > 10
