"""What stands beside the records and tells something of them, and what is no record at all."""

from eur_pipeline.archives.record import Record

from .own_dialect import read_as, records_as

DECLARED = """\
records: log/chat/*
envelope: [log/chat/room, log/chat/who]
ignore: [self::note, "@kind = 'ping'"]
fields:
  sent_at: {xpath: "@at", format: iso}
  sender: "@by"
  conversation_id: preceding-sibling::room[1]/@id
  recipients: preceding-sibling::who[1]/one
  body: "."
"""
AT = 'at="2026-03-09T00:00:00Z" by="a@x.y"'


def _bodies(content: str) -> list[tuple[str | None, str | None]]:
    return [
        (item.conversation_id, item.body)
        for item in records_as(DECLARED, f"<log>{content}</log>")
        if isinstance(item, Record)
    ]


def test_an_envelope_is_seen_from_every_record_after_it_in_the_same_element() -> None:
    message = f"<m {AT}>hi</m>"
    found = _bodies(
        f'<chat>{message}<room id="1"/>{message * 2}</chat><chat>{message}</chat>'
        f'<chat><room id="2"/><note/>{message}</chat>'
    )
    assert found == [(None, "hi"), ("1", "hi"), ("1", "hi"), (None, "hi"), ("2", "hi")]


def test_of_several_envelopes_of_one_name_the_last_counts() -> None:
    message = f"<m {AT}/>"
    found = _bodies(f'<chat><room id="1"/>{message}<room id="2"/>{message}</chat>')
    assert [room for room, _ in found] == ["1", "2"]


def test_what_lies_inside_of_an_envelope_is_seen_too_and_is_no_record() -> None:
    who = "<who><one>b@x.y</one><one>c@x.y</one></who>"
    (record,) = records_as(DECLARED, f"<log><chat>{who}<room id='1'/><m {AT}/></chat></log>")
    assert (record.recipients, record.ordinal) == (("b@x.y", "c@x.y"), 1)


def test_what_is_ignored_is_neither_a_record_nor_counted() -> None:
    items = read_as(DECLARED, f"<log><chat><note/><m {AT} kind='ping'/><m {AT}/></chat></log>")
    assert [item.ordinal for item in items] == [1]
