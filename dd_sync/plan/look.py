"""Reading in the middle of an apply, which goes on when the limit that its own reads used up opens again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dd_sync.errors import DatadogError
from dd_sync.ports import Json, Monitors

_WAIT = 5.0
_MOST_WAITS = 12


def look(
    monitors: Monitors,
    tags: Sequence[str],
    sleep: Callable[[float], None],
    *,
    expected: int = 0,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Json]:
    """`monitors.list`, tried again for about a minute as long as it is refused for its pace.

    A thousand creates that are each searched for first are a thousand reads. stopped: whether nothing more
    is to be waited for. Raises DatadogError.
    """
    for _ in range(_MOST_WAITS):
        try:
            return monitors.list(tags, expected=expected)
        except DatadogError as error:
            if error.status != 429 or stopped():
                raise
        sleep(_WAIT)
    return monitors.list(tags, expected=expected)
