"""`dd-sync render`"""

from __future__ import annotations

import json

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import RequestError

EXAMPLES = """\b
Examples:
  dd-sync render
  dd-sync render stream-rate --format yaml
"""


@click.command(epilog=EXAMPLES)
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@common("json", "yaml")
def render(app: App, keys: tuple[str, ...]) -> None:
    """Print the monitors as they would be sent.

    One array of request bodies, all monitors or the named ones; references between monitors stay
    ${monitor:key}, since only Datadog knows the ids.
    """
    catalog = app.catalog()
    known = {declared.key: declared for declared in catalog.monitors}
    for key in keys:
        if key not in known:
            raise RequestError(f"no monitor has the key '{key}'", hint=_near(key, list(known)))
    chosen = [known[key] for key in keys] if keys else list(catalog.monitors)
    bodies = [declared.monitor.body() for declared in chosen]
    if app.format == "json":
        app.show(json.dumps(bodies, indent=2, ensure_ascii=False))
    else:
        import yaml

        app.show(yaml.safe_dump(bodies, sort_keys=False, allow_unicode=True, width=110).rstrip("\n"))


def _near(key: str, keys: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, keys, n=1)
    return f"did you mean '{near[0]}'?" if near else "`dd-sync render` without a key prints all of them"
