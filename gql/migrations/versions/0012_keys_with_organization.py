"""Keys that name the organization too.

PostgreSQL: PRIMARY KEY (organization_id, id) in every table that a tenant owns, and foreign keys of
both columns. SQLite keeps its AUTOINCREMENT keys; tables that are referenced get a unique index for
foreign keys to name. A graph session no longer loses its node when somebody deletes that: the
delete is refused.
"""

import re
from functools import partial
from typing import NamedTuple

from alembic import op
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from gql.migrations.online import Changes, table_changes
from gql.migrations.progress import RevisionStep, take
from gql.migrations.rebuild import rebuild
from gql.migrations.references import Reference, refuse_broken_references

revision = "0012_keys_with_organization"
down_revision = "0011_fewer_indexes"
branch_labels = None
depends_on = None

_TENANT_TABLES = (
    *("assistant", "assistant_graph", "graph_node", "graph_edge", "graph_session"),
    *("graph_transition", "call", "chat_message", "transcript", "sms_audit_log"),
    *("sms_message_log", "audit_log", "call_tally", "ended_login", "idempotency_key"),
    "sms_session",
)
_GLOBAL_PARENT = "user"
"""It keeps its key, and gets a unique index of both columns beside it."""

_REDUNDANT = {
    "ix_assistant_organization": "assistant",
    "ix_assistant_graph_organization": "assistant_graph",
    "ix_audit_log_newest": "audit_log",
}
"""Indexes of (organization_id, id): PostgreSQL's new primary keys are the same."""


class _Rule(NamedTuple):
    """What a foreign key does when the row that it names is deleted, before and after."""

    before: str
    after: str


_CASCADE = _Rule(" ON DELETE CASCADE", " ON DELETE CASCADE")
_RESTRICT = _Rule(" ON DELETE RESTRICT", " ON DELETE RESTRICT")

_REFERENCES = {
    Reference("api_key", "user_id", "user"): _CASCADE,
    Reference("graph_node", "graph_id", "assistant_graph"): _CASCADE,
    Reference("graph_node", "assistant_id", "assistant"): _RESTRICT,
    Reference("graph_edge", "graph_id", "assistant_graph"): _CASCADE,
    Reference("graph_edge", "from_node_id", "graph_node"): _CASCADE,
    Reference("graph_edge", "to_node_id", "graph_node"): _CASCADE,
    Reference("graph_session", "graph_id", "assistant_graph"): _CASCADE,
    Reference("graph_session", "current_node_id", "graph_node"): _Rule(" ON DELETE SET NULL", ""),
    Reference("graph_transition", "graph_session_id", "graph_session"): _CASCADE,
    Reference("chat_message", "call_id", "call"): _CASCADE,
    Reference("transcript", "call_id", "call"): _CASCADE,
    Reference("sms_audit_log", "call_id", "call"): _CASCADE,
    Reference("sms_message_log", "call_id", "call"): _CASCADE,
}
_PARENTS = sorted({reference.parent for reference in _REFERENCES})


def upgrade() -> None:
    """Let every key name the organization.

    Raises:
        MigrationRefused: when a row names a row of another organization; nothing is changed then.
    """
    connection = op.get_bind()
    refuse_broken_references(connection, _REFERENCES)
    if connection.dialect.name == "sqlite":
        take([*_pairs(), *_rebuilds(connection, after=True)])
        return
    with table_changes(connection, _TENANT_TABLES) as changes:
        pair = partial(changes.create_index, f"uq_{_GLOBAL_PARENT}_id", _GLOBAL_PARENT)
        first = RevisionStep("index of user", partial(pair, ("id", "organization_id"), unique=True))
        drops = [
            RevisionStep(f"drop {name}", partial(changes.drop_index, name)) for name in _REDUNDANT
        ]
        take([first, *_keys(connection, changes, after=True), *drops])


def downgrade() -> None:
    """Let keys be ids alone."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        take(_rebuilds(connection, after=False))
        for parent in _PARENTS:
            op.drop_index(f"uq_{parent}_id")
        return
    with table_changes(connection, _TENANT_TABLES) as changes:
        columns = ("organization_id", "id")
        indexes = [
            RevisionStep(f"index of {table}", partial(changes.create_index, name, table, columns))
            for name, table in _REDUNDANT.items()
        ]
        last = RevisionStep(
            "drop index of user", partial(changes.drop_index, f"uq_{_GLOBAL_PARENT}_id")
        )
        take([*indexes, *_keys(connection, changes, after=False), last])


# -- PostgreSQL ------------------------------------------------------------------------------------


def _keys(connection: Connection, changes: Changes, *, after: bool) -> list[RevisionStep]:
    """New indexes, foreign keys that name them beside the old ones, and then the change."""
    columns = ("organization_id", "id") if after else ("id",)
    foreign_keys = [
        (reference, f"{reference.table}_{reference.column}_fkey", _foreign_key(reference, after))
        for reference in _REFERENCES
    ]
    return [
        *(
            RevisionStep(f"index of {table}", partial(_index, changes, table, columns))
            for table in _TENANT_TABLES
        ),
        *(
            RevisionStep(
                f"check {name}", partial(_add, connection, changes, reference, name, definition)
            )
            for reference, name, definition in foreign_keys
        ),
        *(
            RevisionStep(f"change {name}", partial(_replace, changes, reference.table, name))
            for reference, name, _ in foreign_keys
        ),
        *(
            RevisionStep(f"key of {table}", partial(_set_key, changes, table, columns))
            for table in _TENANT_TABLES
        ),
    ]


def _index(changes: Changes, table: str, columns: tuple[str, ...]) -> None:
    if changes.definition(table, f"{table}_pkey") != _primary_key(columns):
        changes.create_index(f"{table}_pkey_new", table, columns, unique=True)


def _add(
    connection: Connection, changes: Changes, reference: Reference, name: str, definition: str
) -> None:
    """Make a foreign key beside the old one; from then on it holds for every row."""
    table, new = reference.table, f"{name}_new"
    if changes.definition(table, name) == definition:
        return
    if changes.definition(table, new) is None:
        changes.change(f'ALTER TABLE "{table}" ADD CONSTRAINT {new} {definition} NOT VALID')
    try:
        changes.validate(table, new)
    except IntegrityError:
        # A row came in between the look at the beginning and the constraint.
        refuse_broken_references(connection, [reference])
        raise


def _replace(changes: Changes, table: str, name: str) -> None:
    if changes.definition(table, f"{name}_new") is not None:
        changes.change(
            f'ALTER TABLE "{table}" DROP CONSTRAINT {name}',
            f'ALTER TABLE "{table}" RENAME CONSTRAINT {name}_new TO {name}',
        )


def _set_key(changes: Changes, table: str, columns: tuple[str, ...]) -> None:
    key = f"{table}_pkey"
    if changes.definition(table, key) != _primary_key(columns):
        changes.change(
            f'ALTER TABLE "{table}" DROP CONSTRAINT {key},'
            f" ADD CONSTRAINT {key} PRIMARY KEY USING INDEX {key}_new"
        )


def _primary_key(columns: tuple[str, ...]) -> str:
    return f"PRIMARY KEY ({', '.join(columns)})"


# -- both ------------------------------------------------------------------------------------------


def _foreign_key(reference: Reference, after: bool) -> str:
    """As PostgreSQL prints it."""
    _, column, parent = reference
    parent = '"user"' if parent == "user" else parent
    rule = _REFERENCES[reference]
    if after:
        names = f"FOREIGN KEY (organization_id, {column}) REFERENCES {parent}(organization_id, id)"
        return names + rule.after
    return f"FOREIGN KEY ({column}) REFERENCES {parent}(id){rule.before}"


# -- SQLite ----------------------------------------------------------------------------------------


def _pairs() -> list[RevisionStep]:
    """Unique indexes, with the id first: so they tempt the planner for no search by organization.

    They are no constraints, for which the largest table would have to be rebuilt.
    """
    columns = ["id", "organization_id"]
    return [
        RevisionStep(
            f"index of {parent}",
            partial(op.create_index, f"uq_{parent}_id", parent, columns, unique=True),
        )
        for parent in _PARENTS
    ]


def _rebuilds(connection: Connection, *, after: bool) -> list[RevisionStep]:
    tables = dict.fromkeys(reference.table for reference in _REFERENCES)
    return [
        RevisionStep(
            f"rebuild {table}",
            partial(rebuild, connection, table, partial(_with_keys, table, after=after)),
        )
        for table in tables
    ]


def _with_keys(table: str, definition: str, *, after: bool) -> str:
    """The CREATE TABLE of a table with its other foreign keys."""
    for reference, rule in _REFERENCES.items():
        if reference.table != table:
            continue
        column, parent = reference.column, reference.parent
        name = f"{table}_{column}_fkey"
        old = f"FOREIGN KEY({column}) REFERENCES {parent} (id){rule.before}"
        new = (
            f"CONSTRAINT {name} FOREIGN KEY(organization_id, {column})"
            f" REFERENCES {parent} (organization_id, id){rule.after}"
        )
        if not after:
            old, new = new, old
        definition, replaced = re.subn(re.escape(old) + r"(?! ON)", new, definition)
        if replaced != 1:
            raise ValueError(f"not exactly one {old!r} in:\n{definition}")
    return definition
