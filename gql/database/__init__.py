"""Connections to SQLite and PostgreSQL: read snapshots, write transactions, statement runners."""

from gql.database.access import DatabaseAccess, RequestDatabase
from gql.database.drivers import UnprotectedConnection
from gql.database.engine import Database, dump_json
from gql.database.replicas import Replicas
from gql.database.routed import RoutedDatabase, must_read_again, read_again
from gql.database.snapshot import Snapshot
from gql.database.transaction import OpenTransaction

__all__ = [
    "Database",
    "DatabaseAccess",
    "OpenTransaction",
    "Replicas",
    "RequestDatabase",
    "RoutedDatabase",
    "Snapshot",
    "UnprotectedConnection",
    "dump_json",
    "must_read_again",
    "read_again",
]
