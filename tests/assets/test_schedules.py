"""What the schedules launch even when no sensor asks for it."""

from tests.assets.location import HOUR, CodeLocation
from tests.conftest import UPLOADED, Remote, archive_xml

AT = UPLOADED + 24 * HOUR


def test_a_collections_schedule_asks_for_the_same_work_as_its_sensor(
    location: CodeLocation, remote: Remote
) -> None:
    for number, hours in enumerate((0, 1, 5)):
        remote.put(f"{number}.xml", archive_xml("hello"), UPLOADED + hours * HOUR)
    asked = location.ask_schedule(AT)
    assert asked.ranges == location.ask_sensor().ranges
    assert asked.ranges == [
        ("2026-03-09T08Z", "2026-03-09T09Z"),
        ("2026-03-09T13Z", "2026-03-09T13Z"),
    ]


def test_every_tick_of_a_schedule_has_run_keys_of_its_own(
    location: CodeLocation, remote: Remote
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    keys = [location.ask_schedule(AT + n * HOUR).requests[0].run_key for n in range(2)]
    assert len(set(keys)) == 2
    assert location.ask_schedule(AT).requests[0].run_key == keys[0]


def test_a_schedule_skips_when_there_is_nothing_to_do(location: CodeLocation) -> None:
    tick = location.ask_schedule(AT)
    assert (tick.requests, tick.skipped) == ([], "nothing new")


def test_the_models_are_built_every_night_whatever_was_missed(location: CodeLocation) -> None:
    schedule = location.definitions.resolve_schedule_def("models_nightly")
    assert (schedule.job_name, schedule.cron_schedule) == ("models", "30 3 * * *")
