"""Whether the lake's own rows account for every archive."""

import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from eur_pipeline.lake.books import Account, Books, books
from eur_pipeline.lake.lake import Lake, file_key
from eur_pipeline.storage import LocalStore
from tests.archives.reading import CASES

from .conftest import HOUR, House

BAD_RECORDS = (CASES / "avaya-ps" / "bad-records.xml").read_bytes()
BROKEN = (CASES / "avaya-ps" / "broken.xml").read_bytes()


def books_of(house: House) -> Books:
    return books(Lake(LocalStore(house.project.lake_path)), "im", [HOUR])


def drop_rows(house: House, table: str, date: dt.date, *ordinals: int) -> None:
    """What a fault of this software, or somebody at the lake, may do."""
    path = LocalStore(house.project.lake_path).path(file_key(table, date, "im", HOUR))
    rows = pq.ParquetFile(path).read()
    pq.write_table(rows.filter(pc.invert(pc.is_in(rows["ordinal"], pa.array(ordinals)))), path)


def test_what_was_read_agrees(house: House) -> None:
    first = house.land("a.xml", BAD_RECORDS)
    house.land("b.xml", BAD_RECORDS, duplicate_of=first.key)
    house.land("c.xml", BROKEN)
    house.ingest()
    found = books_of(house)
    assert found.landing_paths == {m.key for m in house.landing.landed("im", HOUR)}
    assert found.accounts == (
        Account("a.xml", records=12, stored=5, rejected=7, last_ordinal=12),
        Account("c.xml", records=0, stored=0, rejected=0, last_ordinal=0),
    )
    assert all(account.agrees for account in found.accounts)


def test_a_record_that_was_lost_on_the_way_is_found(house: House) -> None:
    house.land("a.xml", BAD_RECORDS)
    house.ingest()
    drop_rows(house, "messages", dt.date(2026, 3, 9), 1)
    (account,) = books_of(house).accounts
    assert not account.agrees


def test_a_record_that_neither_table_nor_count_has_is_missed_by_its_number(house: House) -> None:
    house.land("a.xml", BAD_RECORDS)
    house.ingest()
    (account,) = books_of(house).accounts
    lost_and_not_counted = Account("a.xml", 11, account.stored - 1, account.rejected, 12)
    assert not lost_and_not_counted.agrees


def test_rows_of_an_archive_that_is_not_listed_do_not_agree(house: House) -> None:
    house.land("a.xml", BAD_RECORDS)
    house.ingest()
    house.land("b.xml", BROKEN)
    store = LocalStore(house.project.lake_path)
    key = file_key("archives", HOUR.date(), "im", HOUR)
    pq.write_table(pq.ParquetFile(store.path(key)).read().slice(1), store.path(key))
    (account,) = books_of(house).accounts
    assert not account.agrees
