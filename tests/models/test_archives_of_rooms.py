"""From archives of the dialects of chat rooms to messages: what is told twice is there once."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from eur_pipeline.models import build
from tests.lake.conftest import CONFIGURATION, HOUR, House

from .lake_project import DIRECTORY, make_project, query

CASES = Path(__file__).parents[1] / "cases"


def _house(path: Path, dialect: str) -> House:
    configuration = CONFIGURATION.replace("avaya-ps", dialect)
    project = make_project(path, DIRECTORY[:2], configuration=configuration)
    (path / ".env").write_text("EUR_BODY_HASH_KEY=a secret of the project\n", encoding="utf-8")
    return House(project)


def _take(house: House, name: str, content: str, hours_later: int = 0) -> None:
    hour = HOUR + dt.timedelta(hours=hours_later)
    house.land(name, content.encode(), hour)
    report = house.ingest(hour)
    assert report.unreadable == 0, report.reasons
    assert build(house.project).committed


def _kinds(house: House) -> Counter[str]:
    return Counter(kind for (kind,) in query(house.project, "select kind from messages"))


def _filedump(*messages: str) -> str:
    return (
        f"<FileDump><Conversation><RoomID>r</RoomID>{''.join(messages)}</Conversation></FileDump>"
    )


def _posted(number: int, text: str, more: str = "") -> str:
    return (
        f"<Message><MessageId>m{number}</MessageId><LoginName>10001@presence.example</LoginName>"
        f"<DateTimeUTC>{1_773_014_400_000 + number}</DateTimeUTC>{more}<Content>{text}</Content>"
        "</Message>"
    )


def _updated(what: str, more: str = "") -> str:
    stamp = "<UpdatedDateTimeUTC>1773016200000</UpdatedDateTimeUTC>"
    return f"<UpdatedType>{what}</UpdatedType>{stamp}{more}"


EXPORTS = (
    _filedump(_posted(1, "sell"), _posted(2, "ok"), _posted(3, "oops")),
    _filedump(
        _posted(9, "sell", _updated("EditedOriginalMsg", "<EditedNewMsgId>m1</EditedNewMsgId>"))
        .replace("1773014400009", "1773014400001"),
        _posted(1, "buy", _updated("EditedNewMsg")),
        _posted(2, "ok", _updated("UpdatedNoMsgChange")),
        _posted(3, "delete oops", _updated("Deleted")),
    ),
)  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_a_later_export_tells_again_is_billed_once(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    house = _house(tmp_path, "actiance-filedump")
    for later, number in enumerate(order):
        _take(house, f"export{number}.xml", EXPORTS[number], later)
    assert _kinds(house) == {"message": 3, "edit": 1, "delete": 1}


def test_what_a_server_logs_on_its_way_in_and_out_is_one_message(tmp_path: Path) -> None:
    house = _house(tmp_path, "openfire")
    log = (CASES / "openfire" / "jive.audit-20260309-000.xml").read_text(encoding="utf-8")
    _take(house, "jive.audit.log", log, hours_later=24)
    assert (_kinds(house)["message"], _kinds(house)["file_transfer"]) == (5, 1)
    in_room = "select sender, recipients from messages where native_id = 'r1' and kind = 'message'"
    ((sender, recipients),) = query(house.project, in_room)
    assert (sender, set(recipients)) == ("1@x.example", {"1@x.example", "2@x.example"})


def _chat(*events: tuple[str, str, int]) -> str:
    """A quarter of an hour of one room: type, who, second."""
    told = "".join(
        f'<Message type="{kind}" content="{kind}" id="{second}"><Sender uri="{who}@x.example"/>'
        f'<DateTimeUTC since1970="{1_773_014_400_000 + second * 1000}"/></Message>'
        for kind, who, second in events
    )
    return (
        f'<Conversations><Conversation><Channel uri="room"/><Messages>{told}</Messages>'
        "</Conversation></Conversations>"
    )


def test_a_join_in_an_archive_that_arrives_later_changes_who_received(tmp_path: Path) -> None:
    house = _house(tmp_path, "lync-persistent-chat")
    said = "select recipients from messages where kind = 'message'"
    _take(house, "2.xml", _chat(("CHAT", "a", 1000), ("PART", "b", 1010)), hours_later=1)
    assert query(house.project, said) == [(["b@x.example"],)]
    _take(house, "1.xml", _chat(("JOIN", "a", 1), ("JOIN", "b", 2), ("JOIN", "c", 3)))
    ((recipients,),) = query(house.project, said)
    assert set(recipients) == {"b@x.example", "c@x.example"}
