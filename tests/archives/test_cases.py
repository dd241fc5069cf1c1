"""Every case of every dialect is read to exactly its expected records."""

from pathlib import Path

import pytest

from .case_files import SUFFIX, expected_lines, lines_of, read_case
from .reading import CASES

ARCHIVES = sorted(
    path.with_name(path.name.removesuffix(SUFFIX) + ".xml") for path in CASES.rglob("*" + SUFFIX)
)


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: str(path.relative_to(CASES)))
def test_a_case_is_read_to_exactly_its_expected_records(path: Path) -> None:
    assert lines_of(read_case(path)) == expected_lines(path)
