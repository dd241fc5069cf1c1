"""Documents of a zip that are read together are read as they are one by one."""

import io

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from eur_pipeline.archives.fast import documents
from eur_pipeline.archives.tables import read_tables

from ...conftest import archive_xml
from ..packing import zipped
from .generated import DOCUMENTS, damaged_documents
from .ways import AVAYA, fast, slowly

PLAIN = [archive_xml(f"first {n}", f"second {n}", minute=n) for n in range(5)]
COMMENTED = PLAIN[0].replace(b"<body>", b"<!-- seldom --><body>")
EMPTY = b"<im-archive></im-archive>"
CUT = PLAIN[1][:-40]
LARGE = archive_xml("x" * 70_000)


def zip_of(*contents: bytes) -> bytes:
    return zipped({f"{n}.xml": content for n, content in enumerate(contents)})


@pytest.mark.parametrize(
    "contents",
    [
        PLAIN,
        [*PLAIN, COMMENTED, *PLAIN],
        [PLAIN[0], EMPTY, PLAIN[1], b"no document", PLAIN[2]],
        [EMPTY, EMPTY],
        [*PLAIN, LARGE, *PLAIN],
        [*PLAIN, CUT, *PLAIN],
        [*PLAIN, LARGE[:-30], *PLAIN],
    ],
    ids=[
        "plain",
        "a comment",
        "empty and other ones",
        "all empty",
        "a large",
        "cut",
        "a large cut",
    ],
)
def test_small_documents_are_read_together_as_one_by_one(contents: list[bytes]) -> None:
    packed = zip_of(*contents)
    assert fast(packed) == slowly(packed)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contents=st.lists(st.one_of(DOCUMENTS, damaged_documents()), max_size=6),
    bundle_bytes=st.integers(100, 3000),
)
def test_whatever_a_zip_holds_is_read_alike(
    contents: list[bytes], bundle_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "REGION_BYTES", bundle_bytes)
    packed = zip_of(*contents)
    expected = slowly(packed)
    event("error" if expected.error else "read")
    assert fast(packed) == expected


def test_a_zip_of_many_small_documents_is_read_in_one_part() -> None:
    packed = io.BytesIO(zip_of(*PLAIN * 20))
    (part,) = read_tables(packed, AVAYA, presence_domain=None)
    assert part.records["ordinal"].to_pylist() == list(range(1, 201))
