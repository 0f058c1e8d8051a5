"""`dd-sync completion`"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from dd_sync.cli.app import App, common

EXAMPLES = """\b
Examples:
  dd-sync completion bash >> ~/.bashrc
  dd-sync completion fish > ~/.config/fish/completions/dd-sync.fish
"""


@click.command(epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common()
def completion(app: App, shell: str) -> None:
    """Print the completion script of a shell."""
    from dd_sync.cli.root import dd_sync

    kind = get_completion_class(shell)
    if kind is None:  # click registers all three choices itself
        raise click.UsageError(f"click knows no completion for {shell}")
    # click's bash class asks the installed bash for its version at once; the script needs none of that.
    app.show(kind(dd_sync, {}, "dd-sync", "_DD_SYNC_COMPLETE").source())
