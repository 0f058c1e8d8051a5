"""What looks like a secret, and what does not."""

from __future__ import annotations

import pytest

from dd_sync.model.secrets import looks_secret, may_be_written, secret_in_url, without_secrets


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abcdefgh12",
        "basic dXNlcjpwYXNz",
        "xoxb-1234567890-abcdef",
        "ghp_0123456789abcdefghij",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1.eyJzdWIi.abc",
        "-----BEGIN RSA",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_keys_and_tokens_look_secret(text: str) -> None:
    assert looks_secret(f"before {text} after")


@pytest.mark.parametrize(
    "text",
    [
        "Bearer $TOKEN",
        "risk-incidents-2027-01-01-review",
        "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "https://wiki.example.com/runbooks/stream-rate",
        "the basic idea of it",
        "INTERNATIONALIZATION",
        "1234567890123456789",
    ],
)
def test_words_names_and_numbers_do_not(text: str) -> None:
    assert not looks_secret(text)


@pytest.mark.parametrize(
    ("name", "value", "fit"),
    [
        ("Authorization", "Bearer $TOKEN", True),
        ("Authorization", "$TOKEN", True),
        ("Authorization", "Bearer abc", False),
        ("Authorization", "Bearer $TOKEN abc1", False),
        ("token", "", True),
        ("sig", "abc", False),
        ("design", "abc", True),
        ("aggregation_key", "abc", True),
        ("X-Api-Key", "abc", False),
        ("Cookie", "a=b", False),
    ],
)
def test_a_named_secret_is_fit_only_as_a_variable(name: str, value: str, fit: bool) -> None:
    assert may_be_written(name, value) is fit


def test_the_secret_part_of_an_address_is_found_and_hidden() -> None:
    assert secret_in_url("https://u:pw@x.example.com/") == "pw"
    assert secret_in_url("https://u:$PW@x.example.com/a?b=c") is None
    assert secret_in_url("https://x.example.com/?a=1&token=t") == "t"
    assert secret_in_url("https://x.example.com/%61B3dE5gH7jK9mN1pQ3/x") == "%61B3dE5gH7jK9mN1pQ3"
    assert (
        without_secrets("https://u:pw@x.example.com/aB3dE5gH7jK9mN1pQ3/x?token=t&b=c&key=$K")
        == "https://x.example.com/(hidden)/x?token=(hidden)&b=c&key=$K"
    )
    assert without_secrets("https://[::1") == "(hidden)"
