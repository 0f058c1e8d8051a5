"""`python -m dd_sync` and the command `dd-sync`: the program begins here."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

_INTERRUPTED = 130


def main() -> None:
    """Run one command and exit with its code. An interrupt is one even while modules are still imported."""
    # Imports make much that stays and little that is garbage; looking for it takes an eighth of a snooze.
    gc.set_threshold(50_000)
    try:
        from dd_sync.cli import run

        code = run(sys.argv[1:])
        # All there is ends with the process: looking through it once more would cost 30 to 90 ms.
        gc.freeze()
        if code == _INTERRUPTED:
            _leave()
        sys.exit(code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _leave() -> None:
    """Ends at once, without a word to the requests that a second interrupt has left under way."""
    if sys.stdout is not None and not sys.stdout.closed:
        with suppress(OSError):
            sys.stdout.flush()
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
