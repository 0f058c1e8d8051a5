"""Whose a monitor is, by the marks that tools leave."""

from __future__ import annotations

import pytest

from dd_sync.kinds.owners import free_message, free_tags, owner
from dd_sync.model.ownership import ownership_tags

KENNEL = "Hi @slack-x\n-- Managed by kennel team:monitor in projects/team.rb, do not modify manually"


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("managed_by:terraform", "Terraform"),
        ("managed-by:Terraform", "Terraform"),
        ("ManagedBy:terraform", "Terraform"),
        ("created_by:terraform", "Terraform"),
        ("provisioner:terraform", "Terraform"),
        ("source:terraform", "Terraform"),
        ("terraform:true", "Terraform"),
        ("terraform", "Terraform"),
        ("terraform-managed", "Terraform"),
        ("terraform_managed:true", "Terraform"),
        ("managed_by_terraform:yes", "Terraform"),
        ("terraform:managed", "Terraform"),
        ("managed_by:pulumi", "Pulumi"),
        ("managed_by:datadog-operator", "datadog-operator"),
        ("managed_by:kennel", "kennel"),
        ("dd_sync_catalog:payments", "the catalog payments"),
    ],
)
def test_a_tag_that_names_a_tool_is_its_mark(tag: str, name: str) -> None:
    found = owner({"tags": ["team:a", tag], "message": "m"}, "shop")
    assert found is not None
    assert (found.name, found.mark) == (name, f"the tag {tag}")


@pytest.mark.parametrize(
    "tag",
    [
        *("service:terraform", "team:terraform", "terraform:false", "terraform-module:vpc", "managed_by:ana"),
        *("managed_by:dd-sync", "dd_sync_catalog:shop", "source:web", "", ":"),
    ],
)
def test_a_tag_that_is_about_something_else_is_none(tag: str) -> None:
    assert owner({"tags": [tag]}, "shop") is None


def test_a_message_can_say_so_too() -> None:
    kennel = owner({"message": KENNEL}, "shop")
    assert kennel is not None
    assert (kennel.name, kennel.mark) == (
        "kennel",
        "the line 'Managed by kennel team:monitor' in its message",
    )
    said = owner({"message": "This is managed by Terraform; do not edit"}, "shop")
    assert said is not None
    assert said.name == "Terraform"
    assert owner({"message": "Restart terraform, managed by ana"}, "shop") is None
    assert owner({"tags": None, "message": None}, "shop") is None


def test_marks_are_taken_off_and_nothing_else() -> None:
    tags = ["team:a", "terraform:true", *ownership_tags("other", "k"), "dd_sync_applied:1-00", "team:a", "b"]
    assert free_tags(tags) == ("team:a", "b")
    assert free_message(KENNEL) == "Hi @slack-x"
    assert free_message("one\n\ntwo") == "one\n\ntwo"
