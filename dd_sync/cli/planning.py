"""What plan and apply share: from the catalog and the live monitors to a plan on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dd_sync.cli.app import App
from dd_sync.model.ownership import CATALOG, MANAGED

if TYPE_CHECKING:
    from dd_sync.catalog.load import Catalog
    from dd_sync.plan.changes import Plan
