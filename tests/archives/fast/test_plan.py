"""Which dialects are flat, decided from the dialect itself."""

from typing import Any

import pytest

from eur_pipeline.archives.dialect import Dialect, dialect_names, load_dialect
from eur_pipeline.archives.fast.plan import Place, plan_of

FLAT: dict[str, Any] = {
    "name": "own",
    "description": "x",
    "records": "log/entry",
    "fields": {
        "sent_at": {"xpath": "@at", "format": "epoch_seconds"},
        "sender": "who",
        "recipients": "whom/@address",
        "body": "said",
    },
    "kinds": [{"when": '@type = "chat"', "kind": "message"}],
}


def _dialect(**changes: Any) -> Dialect:
    fields = {**FLAT["fields"], **changes.pop("fields", {})}
    return Dialect.model_validate({**FLAT, **changes, "fields": fields})


def test_a_dialect_whose_fields_stand_in_the_record_is_flat() -> None:
    plan = plan_of(_dialect())
    assert plan is not None
    assert (plan.root, plan.record, plan.unit) == ("log", "entry", 1_000_000)
    assert plan.fields == {
        "sent_at": Place(None, "at"),
        "sender": Place("who", None),
        "recipients": Place("whom", "address"),
        "body": Place("said", None),
    }


OTHER: dict[str, dict[str, Any]] = {
    "deeper records": {"records": "log/day/entry"},
    "records anywhere": {"records": "log/**/entry"},
    "several record paths": {"records": ["log/entry", "log/note"]},
    "a content": {"content": "inner"},
    "an envelope": {"envelope": "log/day"},
    "ignored records": {"ignore": "@hidden"},
    "namespaces": {"namespaces": {"x": "urn:x"}},
    "an owner in the name": {"owner_in_name": True},
    "an owner": {"fields": {"owner": "@owner"}},
    "a sender in a room": {"fields": {"sender_in_room": "nick"}},
    "a choice of senders": {"fields": {"sender": ["who", "by"]}},
    "a function": {"fields": {"sender": "eur:bare(who)"}},
    "a path upwards": {"fields": {"sender": "../@who"}},
    "a grandchild": {"fields": {"body": "said/text"}},
    "a predicate": {"fields": {"body": "said[1]"}},
    "a local time": {"fields": {"sent_at": {"xpath": "@at", "format": "iso"}}},
    "a value that can be written otherwise": {"kinds": [{"when": "@type = 'a&b'", "kind": "edit"}]},
    "another condition": {"kinds": [{"when": "said", "kind": "message"}]},
}


@pytest.mark.parametrize("what", OTHER)
def test_whatever_else_a_dialect_says_makes_it_another(what: str) -> None:
    assert plan_of(_dialect(**OTHER[what])) is None


def test_of_the_built_in_dialects_avaya_ps_is_flat() -> None:
    assert [name for name in dialect_names() if plan_of(load_dialect(name))] == ["avaya-ps"]
