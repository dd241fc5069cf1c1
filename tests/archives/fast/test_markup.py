"""Only what is certainly plain is read without a parser."""

import pytest

from eur_pipeline.archives.fast.chunk import NotPlainError
from eur_pipeline.archives.fast.markup import Markup
from eur_pipeline.archives.fast.plan import Place

FIELD = Place("f", None)
PLAIN = b"<m a=\"1\" b='x'><f>one</f><e/></m>".replace(b"'", b'"')


def _texts(content: bytes) -> list[str]:
    texts: list[str] = Markup.of(content, "m").found(FIELD).texts.to_pylist()
    return texts


def test_texts_come_in_order_with_the_record_they_stand_in() -> None:
    found = Markup.of(b"\n<m><f>one</f><f/></m> text <m><f>\xc3\xbc</f></m>", "m").found(FIELD)
    assert found.texts.to_pylist() == ["one", "", "ü"]
    assert found.records.tolist() == [0, 0, 1]


def test_attributes_are_told_apart_by_name_and_element() -> None:
    markup = Markup.of(b'<m a="1" b="2"><f a="3"/></m><m b="4"></m>', "m")
    assert markup.found(Place(None, "a")).texts.to_pylist() == ["1"]
    assert markup.found(Place("f", "a")).texts.to_pylist() == ["3"]
    found = markup.found(Place(None, "b"))
    assert found.texts.to_pylist() == ["2", "4"]
    assert found.records.tolist() == [0, 1]
    assert markup.found(Place(None, "c")).texts.to_pylist() == []


def test_escapes_are_taken_back_once() -> None:
    content = b"<m><f>&lt;b&gt; &amp;lt; &quot;&apos;&#9;&#10;&#13;&amp;#13;</f></m>"
    assert _texts(content) == ["<b> &lt; \"'\t\n\r&#13;"]


REFUSED = {
    "comment": b"<m><f><!-- c --></f></m>",
    "section": b"<m><f><![CDATA[x]]></f></m>",
    "section with a record's end": b"<m><f><![CDATA[</m>]]></f></m>",
    "instruction": b"<m><?pi x?></m>",
    "declaration": b"<!DOCTYPE m><m></m>",
    "element in a field": b"<m><f>a<b>c</b></f></m>",
    "record in a record": b"<m><m></m></m>",
    "empty record": b"<m/>",
    "element between records": b"<m></m><f>x</f><m></m>",
    "element after the last record": b"<m></m><f/>",
    "no record": b"text",
    "wrong end": b"<m><f>x</g></m>",
    "missing end": b"<m><f>x</m>",
    "end too many": b"<m></m></m>",
    "end of an empty element": b"<m></f/></m>",
    "single quotes": b"<m a='1'></m>",
    "two attributes of a name": b'<m a="1" b="2" a="3"></m>',
    "attribute without value": b"<m a></m>",
    "attribute without quotes": b"<m a=1></m>",
    "attributes without space between": b'<m a="1"b="2"></m>',
    "quote too many": b'<m a="1""></m>',
    "smaller-than in a value": b'<m a="<"></m>',
    "greater-than in a value": b'<m a=">"></m>',
    "tag in a value": b'<m a="><f b="></f></m>',
    "greater-than in a text": b"<m><f>a > b</f></m>",
    "end of a section in a text": b"<m><f>]]></f></m>",
    "line end in a tag": b'<m\na="1"></m>',
    "space in a tag": b"<m ></m>",
    "namespace": b'<m xmlns="urn:x"></m>',
    "prefix": b"<x:m></x:m>",
    "name that begins with a digit": b"<m><1>x</1></m>",
    "unknown entity": b"<m><f>&nothing;</f></m>",
    "unknown entity outside of fields": b"<m></m>&nothing;<m></m>",
    "other reference": b"<m><f>&#65;</f></m>",
    "lone ampersand": b"<m><f>a & b</f></m>",
    "carriage return": b"<m><f>\r\n</f></m>",
    "control character": b"<m><f>\x01</f></m>",
    "null": b"<m><f>\0</f></m>",
    "noncharacter": "<m><f>\uffff</f></m>".encode(),
    "no UTF-8": b"<m><f>\xff</f></m>",
    "overlong UTF-8": b"<m><f>\xc0\xaf</f></m>",
    "surrogate": b"<m><f>\xed\xa0\x80</f></m>",
    "cut off": b"<m><f>x",
    "cut off in a tag": b"<m></m><m",
    "nothing": b"",
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_certainly_plain_is_refused(what: str) -> None:
    assert Markup.of(PLAIN, "m")
    with pytest.raises(NotPlainError):
        Markup.of(REFUSED[what], "m")


def test_a_line_end_in_a_value_is_a_parsers_work() -> None:
    markup = Markup.of(b'<m a="one\ntwo" b="x"></m>', "m")
    assert markup.found(Place(None, "b")).texts.to_pylist() == ["x"]
    with pytest.raises(NotPlainError):
        markup.found(Place(None, "a"))


def test_records_of_several_shapes_stay_in_order() -> None:
    content = (
        b"<m><f>one</f></m><m><f>two</f><f>three</f></m><m><g>no</g></m>"
        b'<m a="1"><f>four</f></m><m><f/></m><m><f>five</f></m>'
    )
    found = Markup.of(content, "m").found(FIELD)
    assert found.texts.to_pylist() == ["one", "two", "three", "four", "", "five"]
    assert found.records.tolist() == [0, 1, 1, 3, 4, 5]


def test_a_record_is_not_plain_because_another_is() -> None:
    assert _texts(b"<m><f>one</f></m><m><g>two</g></m>") == ["one"]
    for damaged in (
        b"<m><f>x</g></m>",
        b"<m><f>x</f></n>",
        b"<m><f>x<f/></m>",
        b"<m><f>x</f ></m>",
    ):
        with pytest.raises(NotPlainError):
            Markup.of(b"<m><f>one</f></m>" + damaged, "m")


def test_more_shapes_than_software_writes_are_a_parsers_work() -> None:
    assert Markup.of(b"".join(b"<m><f%d/></m>" % n for n in range(100)), "m")
    with pytest.raises(NotPlainError):
        Markup.of(b"".join(b"<m><f%d/></m>" % n for n in range(101)), "m")
