"""Connections to SQLite and PostgreSQL: read snapshots, write transactions, statement runners."""

from gql.database.access import DatabaseAccess
from gql.database.drivers import UnprotectedConnection
from gql.database.engine import Database, dump_json
from gql.database.snapshot import Snapshot
from gql.database.transaction import OpenTransaction

__all__ = [
    "Database",
    "DatabaseAccess",
    "OpenTransaction",
    "Snapshot",
    "UnprotectedConnection",
    "dump_json",
]
