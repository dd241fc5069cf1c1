"""When models are rebuilt by themselves, as the automation sensor decides it."""

import dagster as dg

from assets.models import PUBLISHED
from eur_pipeline.models.loading import load_models
from tests.assets.location import CodeLocation
from tests.conftest import Remote, archive_xml

MODELS = load_models()


def test_messages_that_arrive_ask_for_all_that_comes_from_them_at_once_and_only_once(
    location: CodeLocation, remote: Remote
) -> None:
    definitions, instance = location.definitions, location.instance
    remote.put("a.xml", archive_xml("hello"))
    tick = dg.evaluate_automation_conditions(definitions, instance)
    assert tick.total_requested == 0

    assert location.collect().success
    tick = dg.evaluate_automation_conditions(definitions, instance, cursor=tick.cursor)
    asked = {r.key.to_user_string() for r in tick.results if not r.true_subset.is_empty}
    # From the first layer to the published database: one run, not one for every layer.
    assert asked == {PUBLISHED, *_made_from_messages()}

    assert location.build_models().success
    tick = dg.evaluate_automation_conditions(definitions, instance, cursor=tick.cursor)
    assert tick.total_requested == 0


def _made_from_messages() -> set[str]:
    """The models that read the lake, and all that come from them; others read issued documents."""
    found: set[str] = set()
    for model in MODELS:
        if found & set(model.parents) or any(name.startswith("lake.") for name in model.sources):
            found.add(model.name)
    return found
