"""What the UI shows is no body, and names from servers and archives are nothing but text."""

import pytest

from assets.metadata import MOST_LINES, of_collecting, table
from eur_pipeline.collect.plan import Waiting
from eur_pipeline.collect.report import CollectReport
from tests.assets.location import MESSAGES, RAW_ARCHIVES, CodeLocation, facts
from tests.conftest import Remote, archive_xml

KEY = "2026-03-09T08Z"
PRIVATE = "meet me at noon"
NO_SENDER = f'<message time="1773043200000"><body>{PRIVATE}</body></message></im-archive>'


def test_a_preview_shows_the_first_records_without_their_bodies(
    location: CodeLocation, remote: Remote
) -> None:
    remote.put("a.xml", archive_xml(PRIVATE))
    preview = facts(location.collect(), MESSAGES)[KEY]["preview"]
    assert isinstance(preview, str)
    assert "56207@presence.example" in preview
    assert "body\\_characters" in preview
    assert PRIVATE not in preview


def test_no_event_of_a_run_has_a_body_or_the_text_of_a_reject(
    location: CodeLocation, remote: Remote
) -> None:
    content = archive_xml(PRIVATE).replace(b"</im-archive>", NO_SENDER.encode())
    remote.put("a.xml", content)
    result = location.collect()
    assert facts(result, MESSAGES)[KEY]["rejects"] == 1
    told = repr(location.instance.all_logs(result.run_id))
    assert "56207" in told, "there is no preview"
    assert PRIVATE not in told


@pytest.mark.parametrize(
    ("name", "hidden", "shown"),
    [
        ("<script>.xml.part", "<script>", r"&lt;script&gt;"),
        ("a|b`c.xml.part", "a|b`c", r"a\|b\`c"),
        ("[x](javascript:1).xml.part", "[x](", r"\[x\]\("),
    ],
)
def test_names_on_the_server_are_nothing_but_text(
    location: CodeLocation, remote: Remote, name: str, hidden: str, shown: str
) -> None:
    remote.put(name, b"<a>")
    waiting = facts(location.collect(), RAW_ARCHIVES)[KEY]["waiting"]
    assert isinstance(waiting, str)
    assert hidden not in waiting
    assert shown in waiting


def test_names_in_the_reasons_of_rejects_are_nothing_but_text(
    location: CodeLocation, remote: Remote
) -> None:
    remote.put("<b>|`bad`.xml", b"<im-archive><message></im-archive>")
    reasons = facts(location.collect(), MESSAGES)[KEY]["reasons"]
    assert isinstance(reasons, str)
    assert r"&lt;b&gt;\|\`bad\`" in reasons
    assert "<b>" not in reasons


def test_a_table_cannot_be_left_by_what_stands_in_it() -> None:
    shown = str(table([{"name": "a | b\n<script>x</script> [l](http://x) `c`"}]).value)
    head, rule, *rows = shown.splitlines()
    assert (head, rule, len(rows)) == ("| name |", "| --- |", 1)
    assert "<script>" not in shown
    assert "a \\| b" in shown
    assert "\\[l\\]\\(http://x\\)" in shown
    assert "\\`c\\`" in shown


def test_a_long_list_is_cut_and_says_so() -> None:
    waiting = {
        f"{n}.xml": Waiting("its closing tag has not arrived", alarm=False)
        for n in range(MOST_LINES + 5)
    }
    shown = str(of_collecting(CollectReport(waiting=waiting))["waiting"].value)
    assert len(shown.splitlines()) == MOST_LINES + 1
    assert shown.endswith("and 5 more")
