"""The pull-request comment: one, ours, edited in place; and a token that is shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from dd_sync.errors import RequestError
from dd_sync.github import GitHubError, PullRequest, pull_request, upsert

API = "https://api.example.com"
ABOUT = PullRequest("acme/monitors", 7, API, "token-value")
COMMENTS = f"{API}/repos/acme/monitors/issues/7/comments"
MARK = "<!-- dd-sync report risk -->"
BODY = f"{MARK}\n**check**: passed"
BOT = {"login": "github-actions[bot]", "type": "Bot"}


def comment(number: int, body: str, user: Any = BOT) -> dict[str, Any]:
    return {"id": number, "body": body, "user": user, "html_url": f"https://example.com/c/{number}"}


def post(body: str = BODY, author: str | None = None) -> str:
    with requests.Session() as session:
        return upsert(session, ABOUT, body, author=author)


@responses.activate
def test_the_first_report_is_posted() -> None:
    responses.get(COMMENTS, json=[comment(1, "a person's words", {"login": "ann", "type": "User"})])
    sent = responses.post(COMMENTS, json=comment(2, BODY), status=201)
    assert post() == "https://example.com/c/2"
    request = sent.calls[0].request
    assert json.loads(request.body or "") == {"body": BODY}
    assert request.headers["Authorization"] == "Bearer token-value"


@responses.activate
def test_a_token_that_github_repeats_is_not_shown() -> None:
    responses.get(COMMENTS, status=403, json={"message": "not with token-value"})
    with pytest.raises(GitHubError, match=r"403 not with \*\*\*$"):
        post()


@responses.activate
def test_the_next_report_edits_that_comment() -> None:
    responses.get(COMMENTS, json=[comment(1, "hello"), comment(2, f"{MARK}\nold")])
    edited = responses.patch(f"{API}/repos/acme/monitors/issues/comments/2", json=comment(2, BODY))
    assert post() == "https://example.com/c/2"
    assert edited.call_count == 1


@responses.activate
def test_the_report_of_another_catalog_is_left_alone() -> None:
    responses.get(COMMENTS, json=[comment(2, "<!-- dd-sync report web -->\nold")])
    posted = responses.post(COMMENTS, json=comment(3, BODY), status=201)
    post()
    assert posted.call_count == 1


@responses.activate
def test_a_comment_that_a_person_wrote_with_our_mark_is_not_taken_for_ours() -> None:
    forged = comment(1, f"{MARK}\nall is well", {"login": "eve", "type": "User"})
    responses.get(COMMENTS, json=[forged, comment(2, f"{MARK}\n", None), {"id": "x", "user": BOT}])
    posted = responses.post(COMMENTS, json=comment(3, BODY), status=201)
    post()
    assert posted.call_count == 1


@responses.activate
def test_with_an_author_only_that_ones_comment_counts() -> None:
    theirs = comment(2, f"{MARK}\nold", {"login": "ci-user", "type": "User"})
    responses.get(COMMENTS, json=[comment(1, f"{MARK}\nold"), theirs])
    edited = responses.patch(f"{API}/repos/acme/monitors/issues/comments/2", json=theirs)
    post(author="ci-user")
    assert edited.call_count == 1


@responses.activate
def test_the_comment_is_found_on_a_later_page() -> None:
    responses.get(COMMENTS, json=[comment(n, "talk") for n in range(1, 101)])
    responses.get(COMMENTS, json=[comment(101, f"{MARK}\nold")])
    edited = responses.patch(f"{API}/repos/acme/monitors/issues/comments/101", json=comment(101, BODY))
    post()
    assert edited.call_count == 1


@responses.activate
def test_reading_is_tried_again_and_a_new_comment_is_not() -> None:
    listed = responses.get(COMMENTS, status=502)
    with pytest.raises(GitHubError, match="502"):
        post()
    assert listed.call_count == 3
    responses.replace(responses.GET, COMMENTS, json=[])
    posted = responses.post(COMMENTS, status=502)
    with pytest.raises(GitHubError, match="POST /repos/acme/monitors/issues/7/comments: 502"):
        post()
    assert posted.call_count == 1


@responses.activate
def test_a_refusal_says_what_is_missing_and_is_not_tried_again() -> None:
    listed = responses.get(COMMENTS, status=403, json={"message": "Resource not accessible by integration"})
    with pytest.raises(GitHubError, match="403 Resource not accessible") as refused:
        post()
    assert "pull-requests: write" in refused.value.hint
    assert listed.call_count == 1


@responses.activate
def test_no_failure_shows_the_token() -> None:
    responses.get(COMMENTS, body=requests.ConnectionError("Authorization: Bearer token-value"))
    with pytest.raises(GitHubError) as failed:
        post()
    assert (
        failed.value.problem
        == "GET /repos/acme/monitors/issues/7/comments?per_page=100&page=1: no answer (ConnectionError)"
    )
    assert "token-value" not in repr(failed.value) + repr(ABOUT)


@responses.activate
def test_a_redirect_is_not_followed_with_the_token() -> None:
    responses.get(COMMENTS, status=302, headers={"Location": "https://evil.example.com/"})
    with pytest.raises(GitHubError, match="302"):
        post()


@responses.activate
@pytest.mark.parametrize("body", ['{"not": "a list"}', "<html>"])
def test_an_answer_of_another_shape_is_an_error(body: str) -> None:
    responses.get(COMMENTS, body=body)
    with pytest.raises(GitHubError):
        post()


def test_a_text_without_a_mark_is_never_posted() -> None:
    with pytest.raises(RequestError, match="mark"):
        post("hello")


class TestTheRunsOwnPullRequest:
    def environ(self, tmp_path: Path, event: str = '{"pull_request": {"number": 7}}') -> dict[str, str]:
        file = tmp_path / "event.json"
        file.write_text(event)
        return {
            "GITHUB_REPOSITORY": "acme/monitors",
            "GITHUB_TOKEN": "token-value",
            "GITHUB_API_URL": f"{API}/",
            "GITHUB_EVENT_PATH": str(file),
        }

    def test_is_read_from_what_github_sets(self, tmp_path: Path) -> None:
        assert pull_request(self.environ(tmp_path)) == ABOUT

    def test_can_be_given_by_number(self, tmp_path: Path) -> None:
        assert pull_request(self.environ(tmp_path, "{}"), 9).number == 9

    @pytest.mark.parametrize(
        "event",
        ["{}", "[]", "no json", '{"pull_request": {"number": "7; x"}}', '{"pull_request": {"number": true}}'],
    )
    def test_an_event_without_one_is_said(self, tmp_path: Path, event: str) -> None:
        with pytest.raises(RequestError, match="not about a pull request"):
            pull_request(self.environ(tmp_path, event))

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("GITHUB_REPOSITORY", "acme"),
            ("GITHUB_REPOSITORY", "acme/monitors/../../x"),
            ("GITHUB_TOKEN", ""),
            ("GITHUB_TOKEN", "a\nb"),
            ("GITHUB_API_URL", "http://evil.example.com"),
            ("GITHUB_API_URL", "http://127.0.0.1:1@evil.example.com"),
            ("GITHUB_API_URL", "http://localhost.example.com"),
            ("GITHUB_API_URL", "https://api.github.com@evil.example.com/"),
        ],
    )
    def test_a_variable_that_cannot_be_meant_is_named(
        self, tmp_path: Path, variable: str, value: str
    ) -> None:
        with pytest.raises(RequestError, match=variable):
            pull_request({**self.environ(tmp_path), variable: value})
