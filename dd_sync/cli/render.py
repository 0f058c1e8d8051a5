"""`dd-sync render`"""

from __future__ import annotations

from typing import Any

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import RequestError
from dd_sync.model.resource import KINDS
from dd_sync.text import nearest

EXAMPLES = """\b
Examples:
  dd-sync render
  dd-sync render stream-rate --format yaml
  dd-sync render --kind dashboard
"""


@click.command(epilog=EXAMPLES)
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option(
    "--kind",
    type=click.Choice(["monitor", *KINDS]),
    default="monitor",
    show_default=True,
    help="What of the catalog to print.",
)
@common("json", "yaml", monitors=True)
def render(app: App, keys: tuple[str, ...], kind: str) -> None:
    """Print the monitors as they would be sent.

    One array of request bodies, all monitors or the named ones; references between monitors stay
    ${monitor:key}, since only Datadog knows the ids. With --kind, downtimes, dashboards or webhooks.
    """
    catalog = app.catalog()
    known = (
        {declared.key: declared.monitor.body() for declared in catalog.monitors}
        if kind == "monitor"
        else {one.key: dict(one.body) for one in catalog.resources if one.kind == kind}
    )
    for key in keys:
        if key not in known:
            raise unknown_key(key, list(known), kind)
    bodies = [known[key] for key in keys] if keys else list(known.values())
    if app.format == "json":
        app.show_json(bodies)
    else:
        app.show(_as_yaml(bodies))


def _as_yaml(bodies: list[dict[str, Any]]) -> str:
    """YAML as a person would write it: texts of several lines as blocks, queries on one line."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    dumped: str = yaml.dump(bodies, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return dumped.rstrip("\n")


def unknown_key(
    key: str,
    keys: list[str],
    kind: str = "monitor",
    otherwise: str = "`dd-sync render` without a key prints all of them",
) -> RequestError:
    near = nearest(key, keys)
    hint = f"did you mean '{near}'?" if near else otherwise
    return RequestError(f"no {kind} has the key '{key}'", hint=hint)
