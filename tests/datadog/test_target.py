from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dd_sync.datadog.client import connect
from dd_sync.datadog.target import choose_target
from dd_sync.errors import RequestError

KEYS = {"DD_API_KEY": "a1" * 16, "DD_APP_KEY": "b2" * 20}
SITES = ["datadoghq.com", "datadoghq.eu"]


def test_without_anything_the_site_is_datadogs_first() -> None:
    target = choose_target(KEYS, None, SITES)
    assert (target.base, target.name) == ("https://api.datadoghq.com", "datadoghq.com")


def test_a_host_wins_over_dd_host_and_that_over_the_site() -> None:
    environ = {**KEYS, "DD_SITE": "datadoghq.eu", "DD_HOST": "http://127.0.0.1:1/"}
    assert choose_target(environ, "https://proxy.example/dd/", SITES).base == "https://proxy.example/dd"
    assert choose_target(environ, None, SITES).base == "http://127.0.0.1:1"
    assert choose_target({**environ, "DD_HOST": ""}, None, SITES).name == "datadoghq.eu"


def test_the_sites_are_those_the_official_client_knows() -> None:
    for site in ("datadoghq.com", "datadoghq.eu", "us5.datadoghq.com", "ap1.datadoghq.com", "ddog-gov.com"):
        assert connect({**KEYS, "DD_SITE": site}).target == site


@pytest.mark.parametrize("missing", ["DD_API_KEY", "DD_APP_KEY"])
def test_a_missing_key_is_named_before_anything_is_sent(missing: str) -> None:
    with pytest.raises(RequestError, match=f"{missing} is not set") as caught:
        connect({**KEYS, missing: ""})
    assert missing in caught.value.hint


@pytest.mark.parametrize("key", ["secret key", "secret\n", "sécret", "sec\x00ret"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(RequestError, match="characters that no key has") as caught:
        connect({**KEYS, "DD_API_KEY": key})
    assert "ret" not in f"{caught.value.problem}{caught.value.hint}"


def test_a_mistyped_site_never_gets_the_keys() -> None:
    with pytest.raises(RequestError, match=r"names no site of Datadog: 'datadoghq\.co'") as caught:
        connect({**KEYS, "DD_SITE": "datadoghq.co"})
    assert "did you mean datadoghq.com" in caught.value.hint
    with pytest.raises(RequestError) as caught:
        connect({**KEYS, "DD_SITE": "https://app.datadoghq.eu"})
    assert "did you mean datadoghq.eu" in caught.value.hint


def test_a_site_in_an_error_cannot_drive_a_terminal() -> None:
    with pytest.raises(RequestError) as caught:
        connect({**KEYS, "DD_SITE": "\x1b[2Jevil\u202e"})
    assert caught.value.problem.isprintable()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    assert choose_target(KEYS, f"http://{host}:8126", SITES).name == f"{host}:8126"


@pytest.mark.parametrize("host", ["api.datadoghq.com", "10.0.0.1", "localhost.example", "[::2]"])
def test_keys_never_go_over_plain_http_to_another_machine(host: str) -> None:
    with pytest.raises(RequestError, match="not sent over plain http"):
        choose_target(KEYS, f"http://{host}", SITES)


@pytest.mark.parametrize(
    "url",
    [
        "api.datadoghq.com",
        "ftp://127.0.0.1",
        "https://",
        "https://user:secret@host.example",
        "https://host.example/?a=b",
        "https://host.example/#x",
        "https://host.example:port",
        "https://[half",
        "https://host.example/a b",
        "https://host.example/\n",
    ],
)
def test_a_host_is_a_plain_url_and_is_never_echoed(url: str) -> None:
    with pytest.raises(RequestError, match="is not the URL of an API") as caught:
        choose_target(KEYS, url, SITES)
    assert "secret" not in f"{caught.value.problem}{caught.value.hint}"


def test_the_keys_are_not_in_the_targets_repr() -> None:
    target = choose_target(KEYS, None, SITES)
    assert KEYS["DD_API_KEY"] not in repr(target)
    assert KEYS["DD_APP_KEY"] not in repr(target)


@given(st.text(max_size=60))
def test_whatever_is_typed_as_host_is_a_target_or_a_request_error(text: str) -> None:
    try:
        target = choose_target(KEYS, text, SITES)
    except RequestError:
        return
    assert target.base.startswith(("https://", "http://"))
    assert not target.base.endswith("/")
