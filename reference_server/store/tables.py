"""The tables of the database: whoever keeps something adds a table to these, in the file that reads and writes it."""

from typing import Final

from sqlalchemy import MetaData

TABLES: Final = MetaData()
