"""A tariff is put in place wholly or not at all, and the former one can be had back."""

import datetime as dt
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from eur_pipeline.billing.accepting import Acceptance, accept, changes, digest_of, whole_tariff
from eur_pipeline.billing.tariff import read_tariff
from eur_pipeline.billing.tariff_files import files_with
from eur_pipeline.errors import ConfigurationError
from eur_pipeline.project import Project
from tests.billing.tariff_project import PLANS, RATES
from tests.models.lake_project import TARIFF, TARIFF_HEADER, make_project
from tests.rating.world import COLUMNS

NOW = dt.datetime(2026, 4, 2, 9, 30, tzinfo=dt.UTC)
DEARER = (*TARIFF[:1], "message,external,,,CHF,0.07", *TARIFF[2:])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with `tariff.csv`, plans, rates and taxes."""
    project = make_project(tmp_path / "project")
    write_folder(project.tariff_folder, plans=PLANS, rates=RATES, taxes=(",,8.1,,",))
    return project


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another tariff as a whole: without taxes, with a holiday, and with dearer messages."""
    folder = tmp_path / "other"
    write_folder(folder, plans=PLANS, rates=[RATES[0].replace("0.01", "0.02"), RATES[1]])
    write_folder(folder, holidays=(",2026-08-01,Holiday",))
    (folder / "tariff.csv").write_text("\n".join([TARIFF_HEADER, *DEARER]) + "\n")
    return folder


def write_folder(folder: Path, **files: tuple[str, ...] | list[str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, lines in files.items():
        text = "\n".join([COLUMNS[f"tariff/{name}.csv"], *lines]) + "\n"
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def tariff_of(project: Project) -> dict[str, str]:
    """The contents of all files of the project's tariff, by place."""
    paths = [project.tariff_path, *project.tariff_folder.iterdir()]
    return {str(path.relative_to(project.path)): path.read_text() for path in paths}


def put(project: Project, plan: Path, now: dt.datetime = NOW) -> Acceptance:
    files = files_with(project, [plan])
    return accept(project, files, digest_of(files), {"difference.csv": "shown"}, now)


def test_what_is_accepted_is_in_place_and_what_it_lacks_is_gone(
    project: Project, other: Path
) -> None:
    accepted = put(project, other)
    assert accepted.written == ("tariff.csv", "tariff/rates.csv", "tariff/holidays.csv")
    assert accepted.removed == ("tariff/taxes.csv",)
    assert tariff_of(project) == {
        "tariff.csv": (other / "tariff.csv").read_text(),
        **{f"tariff/{n}.csv": (other / f"{n}.csv").read_text()
           for n in ("plans", "rates", "holidays")},
    }  # fmt: skip
    assert changes(project, files_with(project, [other])) == ((), ())


def test_the_former_tariff_is_kept_with_what_was_shown(project: Project, other: Path) -> None:
    before = tariff_of(project)
    former = put(project, other).former
    assert former == project.path / "data" / "tariffs" / "2026-04-02T093000Z"
    kept = {
        str(path.relative_to(former)): path.read_text()
        for path in former.rglob("*")
        if path.is_file()
    }
    assert kept == {**before, "difference.csv": "shown"}


def test_accepting_the_former_tariff_undoes_an_acceptance(project: Project, other: Path) -> None:
    before = tariff_of(project)
    former = put(project, other).former
    put(project, former, NOW + dt.timedelta(hours=1))
    assert tariff_of(project) == before


def test_two_acceptances_in_one_second_keep_a_tariff_each(project: Project, other: Path) -> None:
    former = put(project, other).former
    again = put(project, former).former
    assert again.name == "2026-04-02T093000Z-2"
    assert (again / "tariff.csv").read_text() == (other / "tariff.csv").read_text()


def test_one_file_takes_the_place_of_one(project: Project, tmp_path: Path) -> None:
    before, plan = tariff_of(project), tmp_path / "next.csv"
    plan.write_text("\n".join([TARIFF_HEADER, *DEARER]) + "\n")
    assert put(project, plan).written == ("tariff.csv",)
    assert tariff_of(project) == {**before, "tariff.csv": plan.read_text()}


def test_a_tariff_that_changed_since_it_was_shown_is_not_accepted(
    project: Project, other: Path
) -> None:
    before, files = tariff_of(project), files_with(project, [other])
    shown = digest_of(files)
    (other / "taxes.csv").write_text(COLUMNS["tariff/taxes.csv"] + "\n,,99,,\n")
    with pytest.raises(ConfigurationError, match="have changed since they were tried"):
        accept(project, files, shown, {}, NOW)
    assert tariff_of(project) == before


@pytest.mark.parametrize("step", range(20))
def test_an_acceptance_that_is_broken_off_has_happened_wholly_or_not_at_all(
    project: Project, other: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    before = tariff_of(project)
    with monkeypatch.context() as broken:
        broken_off = break_off_at(step, broken)
        try:
            put(project, other)
        except KeyboardInterrupt:
            pass
        else:
            assert broken_off == [], "the last step is behind"
    # Whoever reads next finishes what was accepted.
    with whole_tariff(project):
        read_tariff(project)
    found = tariff_of(project)
    assert found in (before, expected(project, other))
    assert not (project.former_tariffs_path / "pending" / "accepted.json").exists()
    put(project, other)
    assert tariff_of(project) == expected(project, other)


def expected(project: Project, other: Path) -> dict[str, str]:
    return {
        "tariff.csv": (other / "tariff.csv").read_text(),
        **{f"tariff/{p.name}": p.read_text() for p in other.iterdir() if p.name != "tariff.csv"},
    }


def break_off_at(step: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the process be interrupted at its n-th change of the disk."""
    seen, broken = [0], list[int]()

    def counted(original: Callable[..., object]) -> Callable[..., object]:
        def change(*args: object, **kwargs: object) -> object:
            seen[0] += 1
            if seen[0] > step:
                broken.append(step)
                raise KeyboardInterrupt
            return original(*args, **kwargs)

        return change

    for owner, name in (
        (Path, "replace"),
        (Path, "unlink"),
        (Path, "write_bytes"),
        (shutil, "rmtree"),
    ):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    return broken


def test_a_file_keeps_its_mode_and_a_link_its_target(project: Project, other: Path) -> None:
    shared = project.path.parent / "shared.csv"
    project.tariff_path.rename(shared)
    project.tariff_path.symlink_to(shared)
    (project.tariff_folder / "rates.csv").chmod(0o660)
    put(project, other)
    assert project.tariff_path.is_symlink()
    assert shared.read_text() == (other / "tariff.csv").read_text()
    assert stat.S_IMODE((project.tariff_folder / "rates.csv").stat().st_mode) == 0o660
