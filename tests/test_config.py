"""What `eur.yaml` may say, and how its faults are explained."""

import copy
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from eur_pipeline.config import Collection, Config, Schedule, load_config
from eur_pipeline.errors import ConfigurationError

GOOD: dict[str, Any] = {
    "sites": [{"name": "company"}, {"name": "geneva", "parent": "company"}],
    "collections": [
        {
            "name": "geneva_im",
            "site": "geneva",
            "dialect": "avaya-ps",
            "presence_domain": "presence.example",
            "host": "sftp.example",
            "user": "avaya",
            "password_env": "PASSWORD",
            "remote_path": "/archives",
            "start": dt.date(2026, 3, 1),
        }
    ],
    "billing": {"currency": "CHF", "company_domains": ["presence.example"]},
}
MISSING = object()


def changed(location: Sequence[str | int], value: object) -> dict[str, Any]:
    """The good configuration with one value replaced, or taken away."""
    content: Any = copy.deepcopy(GOOD)
    at = content
    for part in location[:-1]:
        at = at[part]
    if value is MISSING:
        del at[location[-1]]
    else:
        at[location[-1]] = value
    return dict(content)


def load(tmp_path: Path, content: object) -> Config:
    path = tmp_path / "eur.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load_config(path)


def fault_of(tmp_path: Path, content: object) -> str:
    with pytest.raises(ConfigurationError) as error:
        load(tmp_path, content)
    return str(error.value)


def collection_of(tmp_path: Path, **options: Any) -> Collection:
    content = copy.deepcopy(GOOD)
    content["collections"][0].update(options)
    return load(tmp_path, content).collections[0]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("name", "Geneva-IM", "^[a-z][a-z0-9_]*$"),
        ("name", "7eleven", "^[a-z][a-z0-9_]*$"),
        ("extension_length", 0, "greater than or equal to 1"),
        ("presence_domain", "Presence Example", "^[a-z0-9.-]+$"),
        ("protocol", "ftp", "^sftp$"),
        ("host", "", "at least 1 character"),
        ("port", 70000, "less than or equal to 65535"),
        ("port", "many", "valid integer"),
        ("user", "", "at least 1 character"),
        ("agent", "perhaps", "valid boolean"),
        ("host_key_fingerprint", "MD5:90:c4:0d", "^SHA256:"),
        ("remote_path", "", "at least 1 character"),
        ("upload_frequency_hours", 0, "greater than or equal to 1"),
        ("start", "soon", "valid date"),
        ("poll_seconds", 1, "greater than or equal to 5"),
        ("incomplete_wait_minutes", -1, "greater than or equal to 0"),
        ("after_collect", "move", "'delete' or 'keep'"),
        ("bodies", "encrypt", "'keep', 'hash' or 'drop'"),
    ],
)
def test_a_wrong_value_of_a_collection_is_named_with_file_line_key_and_what_is_expected(
    tmp_path: Path, key: str, value: object, expected: str
) -> None:
    content = changed(["collections", 0, key], value)
    text = yaml.safe_dump(content, sort_keys=False)
    line = next(
        n
        for n, line in enumerate(text.splitlines(), start=1)
        if line.strip(" -").startswith(f"{key}:")
        and n > text[: text.index("collections")].count("\n")
    )

    fault = fault_of(tmp_path, content)

    assert fault.startswith(f"{tmp_path}/eur.yaml, line {line}, collections.0.{key}: expected")
    assert expected in fault
    assert f"found {value!r}" in fault


@pytest.mark.parametrize(
    "location",
    [
        ["sites"],
        ["collections"],
        ["billing"],
        ["sites", 0, "name"],
        *(
            ["collections", 0, key]
            for key in ("name", "site", "dialect", "presence_domain", "host", "user", "start")
        ),
        ["billing", "currency"],
        ["billing", "company_domains"],
    ],
)
def test_a_missing_key_is_named(tmp_path: Path, location: list[str | int]) -> None:
    fault = fault_of(tmp_path, changed(location, MISSING))
    assert f"{'.'.join(map(str, location))}: expected this key, found nothing" in fault


@pytest.mark.parametrize(
    "location",
    [
        ["reports"],
        ["sites", 0, "timezone"],
        ["collections", 0, "pasword_env"],
        ["billing", "curency"],
    ],
)
def test_an_unknown_key_is_named_and_not_ignored(tmp_path: Path, location: list[str | int]) -> None:
    fault = fault_of(tmp_path, changed(location, "x"))
    assert f"{'.'.join(map(str, location))}: no such key here" in fault


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    content = changed(["collections", 0, "port"], 0)
    content["billing"]["currency"] = "francs"
    first, second = fault_of(tmp_path, content).splitlines()
    assert "collections.0.port" in first
    assert "billing.currency" in second


def test_a_collection_needs_a_way_to_log_in(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, changed(["collections", 0, "password_env"], MISSING))
    assert "expected password_env (the name of an environment variable) or private_key" in fault
    assert collection_of(tmp_path, password_env=None, private_key="id_ed25519").private_key
    assert collection_of(tmp_path, password_env=None, agent=True).agent


def test_a_passphrase_is_for_a_private_key(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, changed(["collections", 0, "private_key_passphrase_env"], "PHRASE"))
    assert "expected private_key, which private_key_passphrase_env is for" in fault


@pytest.mark.parametrize("key", ["password_env", "private_key_passphrase_env"])
def test_a_secret_written_where_its_name_belongs_is_not_repeated(tmp_path: Path, key: str) -> None:
    fault = fault_of(tmp_path, changed(["collections", 0, key], "s3cret phrase!"))
    assert "expected the name of an environment variable" in fault
    assert "s3cret" not in fault


@pytest.mark.parametrize(
    ("location", "value", "expected"),
    [
        (["collections", 0, "site"], "lyon", "one of company, geneva, not 'lyon'"),
        (["sites", 1, "parent"], "world", "one of company, geneva, not 'world'"),
        (["sites", 1, "name"], "company", "'company' stands twice"),
        (["sites", 0, "parent"], "geneva", "'company' is among its own ancestors"),
        (["sites", 0, "parent"], "company", "'company' is among its own ancestors"),
        (["sites", 0, "time_zone"], "Europe/Geneva", "IANA database"),
        (["sites", 0, "time_zone"], "localtime", "IANA database"),
        (["billing", "currency"], "chf", "^[A-Z]{3}$"),
        (["billing", "company_domains"], [], "at least one entry, found none"),
        (["sites"], [], "at least one entry, found none"),
        (["collections"], [], "at least one entry, found none"),
    ],
)
def test_what_does_not_fit_together_is_explained(
    tmp_path: Path, location: list[str | int], value: object, expected: str
) -> None:
    assert expected in fault_of(tmp_path, changed(location, value))


def test_two_collections_of_one_name_are_refused(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["collections"] *= 2
    assert "every collection to have a name of its own" in fault_of(tmp_path, content)


def test_a_cycle_of_sites_is_found_from_below_it(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["sites"] = [
        {"name": "geneva", "parent": "a"},
        {"name": "a", "parent": "b"},
        {"name": "b", "parent": "a"},
    ]
    assert "sites to form a tree" in fault_of(tmp_path, content)


@pytest.mark.parametrize(
    ("minutes", "cron"),
    [
        (1, "*/1 * * * *"),
        (15, "*/15 * * * *"),
        (60, "0 */1 * * *"),
        (480, "0 */8 * * *"),
        (1440, "0 0 * * *"),
    ],
)
def test_a_schedule_that_fits_the_clock_is_a_cron_expression(minutes: int, cron: str) -> None:
    assert Schedule(every_minutes=minutes).cron == cron


@pytest.mark.parametrize("minutes", [0, -60, 7, 45, 90, 300, 2880])
def test_a_schedule_that_does_not_fit_the_clock_is_refused(tmp_path: Path, minutes: int) -> None:
    content = changed(["collections", 0, "schedule"], {"every_minutes": minutes})
    fault = fault_of(tmp_path, content)
    assert "collections.0.schedule.every_minutes" in fault
    assert f"hours that divide a day, not {minutes}" in fault


@pytest.mark.parametrize(
    ("frequency", "interval"),
    [(1, 1), (2, 2), (5, 4), (7, 6), (10, 8), (13, 12), (23, 12), (24, 24), (168, 24)],
)
def test_an_interval_divides_the_day_and_is_no_longer_than_the_upload_frequency(
    tmp_path: Path, frequency: int, interval: int
) -> None:
    collection = collection_of(tmp_path, upload_frequency_hours=frequency)
    assert collection.interval_hours == interval


def test_a_collection_starts_at_midnight_utc(tmp_path: Path) -> None:
    assert collection_of(tmp_path).start_at == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def test_a_site_has_the_time_zone_of_its_nearest_ancestor_that_has_one(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["sites"] = [
        {"name": "company"},
        {"name": "europe", "parent": "company", "time_zone": "Europe/Paris"},
        {"name": "swiss", "parent": "europe"},
        {"name": "geneva", "parent": "swiss"},
        {"name": "boston", "parent": "company", "time_zone": "America/New_York"},
    ]
    config = load(tmp_path, content)
    assert config.time_zone("geneva") == ZoneInfo("Europe/Paris")
    assert config.time_zone("boston") == ZoneInfo("America/New_York")
    assert config.time_zone("company") == config.time_zone("no such site") == ZoneInfo("UTC")


@pytest.mark.parametrize(("currency", "digits"), [("CHF", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_has_its_minor_unit(tmp_path: Path, currency: str, digits: int) -> None:
    config = load(tmp_path, changed(["billing", "currency"], currency))
    assert config.billing.minor_unit_digits == digits


def test_a_collection_is_found_by_its_name_and_others_are_listed(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    assert config.collection("geneva_im") is config.collections[0]
    with pytest.raises(ConfigurationError, match=r"no collection is named 'x'.*has: geneva_im"):
        config.collection("x")


def test_a_missing_file_says_how_to_make_a_project(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no such file.*eur init DIR"):
        load_config(tmp_path / "eur.yaml")


@pytest.mark.parametrize("content", [b"sites: [", b"sites: \xff"])
def test_what_is_no_yaml_is_explained(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "eur.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not readable as YAML"):
        load_config(path)


@pytest.mark.parametrize("content", [None, [], "text"])
def test_a_file_that_is_no_mapping_is_explained(tmp_path: Path, content: object) -> None:
    assert "line 1, (the whole file): expected" in fault_of(tmp_path, content)


def test_two_collections_of_one_remote_folder_are_refused(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["collections"].append({**content["collections"][0], "name": "boston_im"})
    assert "a remote folder of its own" in fault_of(tmp_path, content)


def test_a_start_in_the_future_is_refused(tmp_path: Path) -> None:
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    fault = fault_of(tmp_path, changed(["collections", 0, "start"], tomorrow))
    assert "not in the future" in fault


def test_a_password_written_where_its_variable_belongs_is_not_shown(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, changed(["collections", 0, "password_env"], "S3cret!pass"))
    assert "the name of an environment variable" in fault
    assert "S3cret" not in fault


def test_a_collection_stops_on_a_day_after_its_start(tmp_path: Path) -> None:
    stopped = collection_of(tmp_path, stop=dt.date(2026, 3, 10))
    assert not stopped.has_stopped(dt.datetime(2026, 3, 9, 23, 59, tzinfo=dt.UTC))
    assert stopped.has_stopped(dt.datetime(2026, 3, 10, tzinfo=dt.UTC))
    assert not collection_of(tmp_path).has_stopped(dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    fault = fault_of(tmp_path, changed(["collections", 0, "stop"], dt.date(2026, 3, 1)))
    assert "expected a stop after the start, 2026-03-01, not 2026-03-01" in fault
