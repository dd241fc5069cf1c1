"""A project whose tariff is written row by row: what the tests of the tariff's files start from."""

from collections.abc import Iterable
from pathlib import Path

from eur_pipeline.billing.tariff import Tariff, read_tariff
from tests.models.lake_project import TARIFF, make_project
from tests.rating.world import COLUMNS

PLANS = ("office,CHF,person,,,,,",)
# plan, usage_type, destination, prefix, time_band, from, to, tiering, tier_from, unit_size,
# rounding, package_size, price, markup_percent, markup_fixed
RATES = ("office,message,,,,,,,,,,,0.01,,", "office,file_transfer,,,,,,,,,,,0.1,,")


def tariff(path: Path, *, simple: Iterable[str] = TARIFF, **files: Iterable[str]) -> Tariff:
    """The tariff of a project with these lines in `tariff/`, by the files' names without `.csv`."""
    project = make_project(path, tariff=simple)
    project.tariff_folder.mkdir()
    for name, lines in files.items():
        text = "\n".join([COLUMNS[f"tariff/{name}.csv"], *lines]) + "\n"
        (project.tariff_folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_tariff(project)
