"""The state of the local Datadog: its tables, over one database."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from dd_sync.local.database import Database
from dd_sync.local.documents_table import DocumentTable
from dd_sync.local.downtimes_table import DowntimeTable
from dd_sync.local.monitors_table import MonitorTable
from dd_sync.local.points_table import PointTable
from dd_sync.local.posted_table import PostedTable
from dd_sync.local.streams_table import StreamTable
from dd_sync.local.verdicts_table import ToldTable, VerdictTable


class Store:
    """data: the folder to keep state in, None for memory only. Raises RequestError as Database does."""

    def __init__(self, data: Path | None = None) -> None:
        self._database = Database(data)
        self.monitors = MonitorTable(self._database)
        self.downtimes = DowntimeTable(self._database)
        self.dashboards = DocumentTable(self._database, "dashboard")
        self.webhooks = DocumentTable(self._database, "webhook")
        self.webhook_variables = DocumentTable(self._database, "webhook variable")
        self.points = PointTable(self._database)
        self.verdicts = VerdictTable(self._database)
        self.told = ToldTable(self._database)
        self.posted = PostedTable(self._database)
        self.streams = StreamTable(self._database)

    def transaction(self) -> AbstractContextManager[None]:
        """Reads and writes within are one step to everybody else, and on the disk when it ends."""
        return self._database.transaction()

    def close(self) -> None:
        self._database.close()
