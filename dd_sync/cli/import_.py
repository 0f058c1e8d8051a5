"""`dd-sync import`"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import CatalogError, Exit, RequestError, UnsafePlan

if TYPE_CHECKING:
    from dd_sync.adopt.importing import Around, Imported, Skipped
    from dd_sync.catalog.load import Loading
    from dd_sync.ports import Monitors

EXAMPLES = """\b
Examples:
  dd-sync import --tag team:payments --out monitors/payments.yaml
  dd-sync import --id 1042 --id 1043
  dd-sync import --name 'Checkout*' --format json
  dd-sync import --all --take-over          those of kennel and Terraform too
"""
_HEADER = "# Imported from Datadog. Once applied, the `adopt:` lines have done their work and may go.\n"
_TO_STDOUT = "<imported>"
_MOST_TOLD = 20


@click.command("import", epilog=EXAMPLES)
@click.option(
    "--tag",
    "tags",
    metavar="TAG",
    multiple=True,
    help="Monitors that carry TAG; repeatable, all must be there.",
)
@click.option(
    "--id", "ids", metavar="ID", type=click.IntRange(min=1), multiple=True, help="The monitor ID; repeatable."
)
@click.option("--name", metavar="GLOB", help="Monitors whose name matches, in upper or lower case.")
@click.option("--all", "everything", is_flag=True, help="Every monitor of the organisation.")
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="Write a new file of the catalog."
)
@click.option("--take-over", is_flag=True, help="Those that kennel, Terraform or another catalog mark too.")
@common("yaml", "json", monitors=True)
def import_(
    app: App,
    tags: tuple[str, ...],
    ids: tuple[int, ...],
    name: str | None,
    everything: bool,
    out: Path | None,
    take_over: bool,
) -> int:
    """Write monitors that are in Datadog already as a file of the catalog.

    Reads Datadog, changes nothing there. What is written plans as "adopt": the next apply adds this catalog's
    tags, and nothing else changes.
    """
    from dd_sync.adopt.importing import import_monitors

    if not (tags or ids or name is not None or everything):
        raise click.UsageError("say which monitors: --tag, --id, --name or --all")
    if everything and (tags or ids or name is not None):
        raise click.UsageError("--all is all there are; leave --tag, --id and --name out")
    if out is not None:
        if app.format == "json":
            raise click.UsageError("--out writes YAML; leave --format json out")
        _check_out(app, out)
    loading = _catalog(app)
    monitors = app.datadog().monitors
    live = _selected(monitors, tags, ids, name, everything)
    around = _around(app, loading, monitors, live, out)
    imported = import_monitors(
        live, around, take_over=take_over, unknown=app.allow_unknown_options, header=_HEADER
    )
    _tell_skipped(app, imported)
    _refuse_empty(imported, take_over)
    _show(app, imported, out)
    _tell(app, imported, around, out)
    return Exit.DONE


def _selected(
    monitors: Monitors, tags: tuple[str, ...], ids: tuple[int, ...], name: str | None, everything: bool
) -> list[dict[str, Any]]:
    """Each once: those of the ids, and those that carry every tag and have such a name."""
    from dd_sync.plan.adopt import fetch

    found = fetch(set(ids), monitors) if ids else {}
    for number in ids:
        if number not in found:
            raise RequestError(f"there is no monitor {number} in Datadog", hint="check the id and DD_SITE")
    if everything or tags or name is not None:
        for body in monitors.list(tags):
            if name is None or fnmatchcase(str(body.get("name") or "").lower(), name.lower()):
                found[int(body["id"])] = body
    if not found:
        raise RequestError("no monitor in Datadog is like that", hint="try it with fewer or other tags")
    return list(found.values())


def _catalog(app: App) -> Loading | None:
    """The catalog, whatever is wrong with it; None where there is none yet."""
    try:
        return app.read()
    except CatalogError:
        if (app.folder / "catalog.yaml").exists() or app.env is not None:
            raise
        app.say(f"there is no catalog in {app.folder} yet; `dd-sync init` starts one")
        return None


def _around(
    app: App, loading: Loading | None, monitors: Monitors, live: list[dict[str, Any]], out: Path | None
) -> Around:
    from dd_sync.adopt.importing import Around
    from dd_sync.catalog.source import Files, parse
    from dd_sync.kinds.monitor import identity
    from dd_sync.model.ownership import CATALOG, MANAGED

    file = out.as_posix() if out is not None else _TO_STDOUT
    today = app.now().date()
    if loading is None or loading.catalog is None:
        files = Files(app.folder, parse("catalog.yaml", "catalog: new\n"))
        return Around(catalog="new", file=file, today=today, files=files)
    catalog = loading.catalog
    # Only composites name others, and only then is it worth a request who else is there.
    named = any(body.get("type") == "composite" for body in live)
    ours = monitors.list((MANAGED, CATALOG + catalog.name)) if named else []
    owned = {int(body["id"]): key for body in ours if (key := identity(body, catalog.name)) in loading.keys}
    return Around(
        catalog=catalog.name,
        file=file,
        today=today,
        files=catalog.files,
        env=app.env,
        environ=app.environ,
        keys=loading.keys,
        owned={number: key for number, key in owned.items() if key is not None},
        adopted={one.adopt: one.key for one in catalog.monitors if one.adopt is not None},
    )


def _check_out(app: App, out: Path) -> None:
    """Raises RequestError unless `out` can become a file of the catalog: before anything is asked."""
    if out.suffix not in (".yaml", ".yml"):
        raise RequestError(f"{out} is not a name for a YAML file", hint="end it in .yaml")
    if out.exists() or out.is_symlink():
        raise RequestError(f"{out} is there already, and is never overwritten", hint="name a new file")
    if not out.parent.is_dir():
        raise RequestError(f"there is no folder {out.parent}", hint="create it first")
    folder, target = app.folder.resolve(), out.resolve()
    inside = target.relative_to(folder).parts if target.is_relative_to(folder) else None
    if inside is None:
        app.say(f"{out} is not in the catalog {app.folder}: plan will not see it there")
    elif "scenarios" in inside[:-1] or inside[0] == "environments" or inside == ("catalog.yaml",):
        raise RequestError(f"{out} is no place for monitors", hint=f"for example {app.folder}/imported.yaml")
    elif any(part.startswith(".") for part in inside):
        raise RequestError(f"{out} is hidden, and a catalog leaves hidden files out", hint="name another")


def _tell_skipped(app: App, imported: Imported) -> None:
    for count, one in enumerate(imported.skipped):
        if count == _MOST_TOLD and not app.screen.verbose:
            app.say(f"and {len(imported.skipped) - count} more are skipped; -v tells all")
            break
        app.say(f"skipped {_described(one)}")
    if imported.entries and any(one.refused for one in imported.skipped):
        app.say("--take-over imports those of other tools all the same")


def _described(one: Skipped) -> str:
    from dd_sync.text import within_line

    return f"monitor {one.monitor_id} ({within_line(one.name, 80)}): {within_line(one.why, 400)}"


def _refuse_empty(imported: Imported, take_over: bool) -> None:
    if imported.entries:
        return
    if any(one.refused for one in imported.skipped) and not take_over:
        raise UnsafePlan(
            "all that could be imported is managed by somebody else",
            hint="let go of it there first, or import it with --take-over",
        )
    raise RequestError("none of these monitors can be imported", hint="the lines above say why")


def _show(app: App, imported: Imported, out: Path | None) -> None:
    if app.format == "json":
        skipped = [{"id": one.monitor_id, "name": one.name, "why": one.why} for one in imported.skipped]
        answer = {"monitors": imported.entries, "skipped": skipped, "notes": imported.notes}
        app.show_json(answer)
    elif out is None:
        app.show(imported.text.rstrip("\n"))
    else:
        _write_new(out, imported.text)


def _write_new(out: Path, text: str) -> None:
    """Raises RequestError; what could not be written whole is taken away again."""
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise RequestError(
            f"{out} is there already, and is never overwritten", hint="name a new file"
        ) from None
    except OSError as error:
        out.unlink(missing_ok=True)
        raise RequestError(f"{out} cannot be written: {error.strerror}", hint="name another file") from None


def _tell(app: App, imported: Imported, around: Around, out: Path | None) -> None:
    """What a person should know of the new entries, and what to do next."""
    from dd_sync.checks import run

    for note in imported.notes:
        app.say(note)
    loading = imported.loading
    found = [*loading.problems, *(run(loading.catalog) if loading.catalog else ())]
    problems = [one for one in found if one.where is not None and one.where.file == around.file]
    if problems:
        app.screen.problems(problems)
    count = len(imported.entries)
    where = f" into {out}" if out is not None else ""
    app.say(f"imported {count} monitor{'' if count == 1 else 's'}{where}")
    if out is not None:
        app.say("next: dd-sync check, then dd-sync plan")
