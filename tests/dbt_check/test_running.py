"""What dbt's tests found is told apart from what did not run."""

import json
from pathlib import Path

from tests.dbt_check.running import _read_results


def test_findings_and_failures_are_told_apart(tmp_path: Path) -> None:
    results = [
        ("model.eur_pipeline.messages", "success", None),
        ("test.eur_pipeline.adds_up", "pass", 0),
        ("test.eur_pipeline.is_odd", "warn", 71),
        ("test.eur_pipeline.is_wrong", "fail", 2),
        ("test.eur_pipeline.cannot_run", "error", None),
        ("test.eur_pipeline.left_out", "skipped", None),
    ]
    names = ("unique_id", "status", "failures")
    said = [dict(zip(names, result, strict=True)) | {"message": None} for result in results]
    path = tmp_path / "run_results.json"
    path.write_text(json.dumps({"results": said}), encoding="utf-8")
    run = _read_results(path, tmp_path / "dbt.duckdb")
    assert run.findings == {"is_odd": 71, "is_wrong": 2}
    assert run.failures == (
        "test.eur_pipeline.cannot_run: error: ",
        "test.eur_pipeline.left_out: skipped: ",
    )
    assert not run.is_whole
