"""What a snooze knows of catalog.yaml is what the forms know, and any doubt is left to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.catalog.brief import KEYS, POLICY_KEYS, SNOOZE_KEYS, Brief, read_brief
from dd_sync.catalog.settings import Policy, Settings, Snooze, load_settings
from dd_sync.errors import CatalogError


def test_the_keys_are_those_of_the_forms() -> None:
    assert set(Settings.model_fields) == KEYS
    assert set(Policy.model_fields) == POLICY_KEYS
    assert set(Snooze.model_fields) == SNOOZE_KEYS


def brief(folder: Path, value: Any, env: str | None = None) -> Brief:
    (folder / "catalog.yaml").write_text(json.dumps(value))
    return read_brief(folder, env)


@pytest.mark.parametrize(
    "value",
    [
        {"catalog": "risk", "policy": {"snoze": {}}},
        {"catalog": "risk", "policy": {"snooze": {"protectd": ["a"]}}},
        {"catalog": "risk", "policy": {"snooze": {"longest": "32d"}}},
        {"catalog": "risk", "policy": {"snooze": {"longest": 24}}},
        {"catalog": "risk", "policy": {"snooze": {"longest": "soon"}}},
        {"catalog": "risk", "policy": {"snooze": {"protected": "a"}}},
        {"catalog": "risk", "policy": []},
        {"catalog": "Risk"},
        {"catalog": "risk", "tenant_tag": "a b"},
        {"catalogue": "risk"},
        ["catalog"],
    ],
)
def test_what_could_matter_to_a_snooze_is_an_error_with_its_place(tmp_path: Path, value: Any) -> None:
    with pytest.raises(CatalogError) as caught:
        brief(tmp_path, value)
    assert all(problem.where for problem in caught.value.problems())


def test_an_environment_that_cannot_be_one_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="1 problem"):
        brief(tmp_path, {"catalog": "risk"}, env="a b")


def test_an_environment_without_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments/staging.yaml").touch()
    with pytest.raises(CatalogError) as caught:
        brief(tmp_path, {"catalog": "risk"}, env="stagin")
    (problem,) = caught.value.problems()
    assert problem.problem.endswith("/environments/stagin.yaml")
    assert problem.hint == "did you mean 'staging'?"
    assert brief(tmp_path, {"catalog": "risk"}, env="staging").name == "risk.staging"


def test_a_mistake_elsewhere_keeps_nobody_from_a_snooze(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments/qa.yml").write_text("tunables: 5", "utf-8")
    found = brief(tmp_path, {"catalog": "risk", "levels": {"1": {"handles": "x"}}, "limits": 5}, env="qa")
    assert (found.name, found.tenant_tag) == ("risk.qa", "tenant")


POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "snooze": st.fixed_dictionaries(
            {},
            optional={
                "longest": st.sampled_from(["24h", "31d", "90m", "1w"]),
                "protected": st.lists(st.sampled_from(["a", "b-c"]), max_size=3),
            },
        ),
        "required_tags": st.just(["team"]),
    },
)


@settings(max_examples=60)
@given(
    st.fixed_dictionaries(
        {"catalog": st.sampled_from(["risk", "a_b-1"])},
        optional={"tenant_tag": st.sampled_from(["tenant", "customer.id"]), "policy": POLICIES},
    )
)
def test_it_is_what_the_forms_read(tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]) -> None:
    folder = tmp_path_factory.mktemp("brief")
    found, forms = brief(folder, value), load_settings(folder)
    snooze = forms.policy.snooze
    assert found == Brief(forms.name(None), forms.tenant_tag, snooze.longest, snooze.protected)
