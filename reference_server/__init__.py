"""The reference server: what a back end looks like that keeps every contract."""
