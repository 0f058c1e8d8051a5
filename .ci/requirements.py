"""Print the requirements that pyproject.toml declares: `requirements.py core local dev build`."""

import sys
import tomllib
from pathlib import Path


def requirements(group: str) -> list[str]:
    """`core`, an extra, a dependency group, or `build`: what the package itself is built with."""
    declared = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    project = declared["project"]
    known = {
        "core": project["dependencies"],
        # An editable install asks for this one only while it builds, so it is declared nowhere.
        "build": [*declared["build-system"]["requires"], "editables"],
        **project["optional-dependencies"],
        **declared["dependency-groups"],
    }
    if group not in known:
        sys.exit(f"pyproject.toml declares no group '{group}'; there are {', '.join(sorted(known))}")
    return list(known[group])


if __name__ == "__main__":
    print(*(line for group in sys.argv[1:] for line in requirements(group)), sep="\n")
