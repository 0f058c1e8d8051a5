"""The catalog's dashboards as a reviewer sees them, with the scenarios' series in place of live ones."""
