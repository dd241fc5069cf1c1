"""Sender and recipient where the record's direction tells them."""

from eur_pipeline.archives.record import Reject

from .own_dialect import read_as, records_as

TWO = """\
records: log/chat/*
fields:
  sent_at: {xpath: "@at", format: iso}
  owner: ../@user
  body: "."
direction: {sent: self::to, received: self::from, other: ["@jid", "../@with"]}
"""
AT = 'at="2026-03-09T00:00:00Z"'


def _chat(inside: str, user: str = "me@x.y") -> str:
    return f'<log><chat user="{user}" with="you@x.y/phone">{inside}</chat></log>'


def test_the_name_of_the_element_tells_who_wrote_to_whom() -> None:
    sent, received = records_as(TWO, _chat(f"<to {AT}>a</to><from {AT}>b</from>"))
    assert (sent.sender, sent.recipients) == ("me@x.y", ("you@x.y",))
    assert (received.sender, received.recipients) == ("you@x.y", ("me@x.y",))
    assert sent.owner == received.owner == "me@x.y"


def test_the_other_side_may_be_told_by_the_record_itself() -> None:
    (record,) = records_as(TWO, _chat(f'<from {AT} jid="they@x.y"/>'))
    assert (record.sender, record.recipients) == ("they@x.y", ("me@x.y",))


def test_what_went_neither_way_or_has_no_other_side_has_no_sender() -> None:
    for inside in (f"<note {AT}/>",):
        (item,) = read_as(TWO, _chat(inside))
        assert isinstance(item, Reject)
        assert item.field == "sender"


def test_a_sender_that_the_record_names_goes_before_its_direction() -> None:
    declared = TWO.replace("  body:", "  sender: '@by'\n  body:")
    (record,) = records_as(declared, _chat(f'<to {AT} by="5"/>'))
    assert (record.sender, record.recipients) == ("5@x.y", ("you@x.y",))
