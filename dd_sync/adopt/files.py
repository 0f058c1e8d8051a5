"""Writing a file that somebody may be editing at the same time."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from dd_sync.errors import Place, RequestError

_BOM = b"\xef\xbb\xbf"


def replace_text(path: Path, old: str, new: str) -> None:
    """The file's text `old` becomes `new`: whole or not at all, with the same mode; a link is followed.

    Raises RequestError if it cannot be written, or no longer holds `old`.
    """
    path = path.resolve()
    temporary: str | None = None
    try:
        data = path.read_bytes()
        if data.removeprefix(_BOM) != old.encode():
            raise RequestError(
                f"{path.name} has changed since it was read, and is left as it is",
                hint="run it again",
                where=Place(str(path), 1, 1),
            )
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write((_BOM if data.startswith(_BOM) else b"") + new.encode())
        shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        problem = f"{path.name} cannot be written: {error.strerror}"
        raise RequestError(problem, hint="check its permissions", where=Place(str(path), 1, 1)) from None
