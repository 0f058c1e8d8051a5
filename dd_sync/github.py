"""GitHub's side of a pull request: one comment, found by its mark, edited in place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from dd_sync.errors import DdSyncError, Exit, RequestError
from dd_sync.text import within_line

Json = dict[str, Any]

MARK = re.compile(r"<!-- dd-sync [^\n]*-->")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
# Plain http to this machine only; `http://127.0.0.1:1@example.com` is another.
_API = re.compile(r"https://[^@]*\Z|http://(127\.0\.0\.1|localhost)(:\d+)?(/|\Z)")
_SECONDS = 20
_PAGE = 100
# Of 100 comments each: whoever has more has lost track of the pull request.
_MOST_PAGES = 100
_TRIES = 3
_HINTS = {
    401: "is GITHUB_TOKEN set, and still valid?",
    403: "the job needs `permissions: {pull-requests: write}`; a pull request from a fork never has it",
    404: "does the token reach this repository, and is the number right?",
    422: "GitHub refuses the text: is it longer than 65,536 characters?",
}


class GitHubError(DdSyncError):
    """GitHub could not be reached, or answered with an error. Never carries the token."""

    exit = Exit.UNREACHABLE
    rule = "github"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """repository: `owner/name`; api: base URL of GitHub's API; token: shown nowhere."""

    repository: str
    number: int
    api: str
    token: str

    def __repr__(self) -> str:
        return f"{self.repository}#{self.number}"

    @property
    def comments(self) -> str:
        return f"{self.api}/repos/{self.repository}/issues/{self.number}/comments"


def pull_request(environ: Mapping[str, str], number: int | None = None) -> PullRequest:
    """The pull request this run is about, by the variables that GitHub sets in a job.

    Raises RequestError, naming the variable, where one is missing or cannot be meant.
    """
    repository = environ.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(repository):
        raise RequestError(
            "GITHUB_REPOSITORY names no repository", hint="it is owner/name; GitHub sets it in every job"
        )
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or ""
    if not token or not token.isascii() or not token.isprintable():
        raise RequestError(
            "GITHUB_TOKEN holds no token", hint="in a workflow: env: {GITHUB_TOKEN: '${{ github.token }}'}"
        )
    api = environ.get("GITHUB_API_URL") or "https://api.github.com"
    if not _API.match(api):
        raise RequestError("GITHUB_API_URL is no https address", hint="GitHub sets it in every job")
    return PullRequest(repository, number or _number(environ), api.rstrip("/"), token)


def _number(environ: Mapping[str, str]) -> int:
    try:
        event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))
        number = event["pull_request"]["number"]
    except (KeyError, TypeError, OSError, ValueError):
        number = None
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise RequestError(
            "this run is not about a pull request: GITHUB_EVENT_PATH names none", hint="give --number N"
        )
    return number


class _Bearer(requests.auth.AuthBase):
    """Given as `auth`, not as a header: a .netrc of the machine would replace the header."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def upsert(session: requests.Session, about: PullRequest, body: str, *, author: str | None = None) -> str:
    """Edits the comment that starts with the same mark as `body`, or posts a new one; gives its address.

    Only a comment of a bot counts, or one by `author`: anybody may write a comment with our mark in it,
    and could change it again after us. Raises GitHubError; RequestError where the body has no mark.
    """
    mark = MARK.match(body)
    if mark is None:
        raise RequestError(
            "the text does not begin with a mark such as <!-- dd-sync report -->",
            hint="make it with `dd-sync pull-request report --out FILE`: the mark finds the comment again",
        )
    own = next((one for one in _comments(session, about) if _is_ours(one, mark[0], author)), None)
    if own is None:
        answer = _call(session, about, "POST", about.comments, body)
    else:
        url = f"{about.api}/repos/{about.repository}/issues/comments/{int(own['id'])}"
        answer = _call(session, about, "PATCH", url, body)
    return within_line(str(answer.get("html_url") or "")) if isinstance(answer, dict) else ""


def _is_ours(comment: Json, mark: str, author: str | None) -> bool:
    user = comment.get("user")
    if not isinstance(user, dict) or not isinstance(comment.get("id"), int):
        return False
    written = user.get("login") == author if author else user.get("type") == "Bot"
    return written and str(comment.get("body") or "").startswith(mark)


def _comments(session: requests.Session, about: PullRequest) -> Iterator[Json]:
    for page in range(1, _MOST_PAGES + 1):
        found = _call(session, about, "GET", f"{about.comments}?per_page={_PAGE}&page={page}")
        if not isinstance(found, list):
            raise GitHubError(f"GitHub's list of comments of {about} is no list", hint="run the job again")
        yield from (one for one in found if isinstance(one, dict))
        if len(found) < _PAGE:
            return


def _call(session: requests.Session, about: PullRequest, method: str, url: str, body: str = "") -> Any:
    """One request. Reading and editing are tried again; a new comment is not, it might be there twice."""
    what = f"{method} {url.removeprefix(about.api)}"
    for attempt in range(1 if method == "POST" else _TRIES):
        try:
            answer = session.request(
                method,
                url,
                json={"body": body} if body else None,
                headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
                auth=_Bearer(about.token),
                timeout=_SECONDS,
                # Nothing is followed: the token goes to the API and nowhere else.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Of the error only its name: its text may carry what was sent.
            failure = GitHubError(
                f"{what}: no answer ({type(error).__name__})", hint="run the job again once GitHub answers"
            )
            continue
        if answer.ok and answer.status_code < 300:
            return _json(answer, what)
        failure = GitHubError(
            f"{what}: {answer.status_code}{_said(answer, about.token)}",
            hint=_HINTS.get(answer.status_code, "run the job again; githubstatus.com tells of outages"),
        )
        if answer.status_code < 500 or attempt == _TRIES - 1:
            break
    raise failure


def _said(answer: requests.Response, token: str) -> str:
    try:
        said = answer.json()["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return f" {within_line(str(said).replace(token, '***'), 200)}"


def _json(answer: requests.Response, what: str) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise GitHubError(f"{what}: the answer is not JSON", hint="run the job again") from None
