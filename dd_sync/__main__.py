"""`python -m dd_sync`, the same as the command `dd-sync`."""

from dd_sync.cli import main

main()
