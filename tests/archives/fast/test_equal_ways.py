"""The fast way gives what the slow way gives, whatever an archive holds."""

import datetime as dt
import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from eur_pipeline.archives.fast import reading

from ..reading import CASES
from .generated import DOCUMENTS, damaged_documents
from .ways import fast, slowly

FILES = sorted(file for folder in ("avaya-ps", "hostile") for file in (CASES / folder).iterdir())
UPLOADED = dt.datetime(2026, 3, 9, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("region_bytes", [200, 1_000_000])
@pytest.mark.parametrize("case", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_case_is_read_alike(
    case: Path, region_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "REGION_BYTES", region_bytes)
    content = case.read_bytes()
    assert fast(content) == slowly(content)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=st.one_of(DOCUMENTS, damaged_documents()), region_bytes=st.integers(150, 3000))
def test_whatever_is_generated_is_read_alike(
    content: bytes, region_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "REGION_BYTES", region_bytes)
    expected = slowly(content, uploaded=UPLOADED)
    event("error" if expected.error else "read")
    assert fast(content, uploaded=UPLOADED) == expected


@pytest.mark.parametrize("inside", [b"<im-archive><message>", b"<im-archive><>", b"<other/>", b""])
def test_what_is_wrong_before_the_damage_of_a_container_is_told_alike(inside: bytes) -> None:
    damaged = gzip.compress(inside + b" " * 40)[:-9]
    assert slowly(damaged).error is not None
    assert fast(damaged) == slowly(damaged)
