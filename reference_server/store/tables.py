"""The tables of the database: whoever keeps something adds a table to these, in the file that reads and writes it."""

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, MetaData

TABLES: Final = MetaData()


def number() -> Column[int]:
    """A column that counts the rows in the order of their making."""
    return Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
