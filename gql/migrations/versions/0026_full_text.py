"""Full-text indexes of what was said and written: messages, transcripts and summaries of calls.

Each text is indexed with its organization as one more word: `gql/sql/full_text.py` has the reasons,
and the expressions by which the indexes are read.

On PostgreSQL they are indexes GIN on expressions. On SQLite each is a table of FTS5 without texts
of its own (https://www.sqlite.org/fts5.html#contentless_tables), filled by triggers, whoever
writes.
"""

from functools import partial
from typing import NamedTuple

from alembic import op

from gql.migrations import MigrationRefused
from gql.migrations.online import table_changes
from gql.migrations.progress import RevisionStep, take

revision = "0026_full_text"
down_revision = "0025_graph_versions"
branch_labels = None
depends_on = None


class _Indexed(NamedTuple):
    """What of a table is indexed.

    Attributes:
        text: The column.
        condition: Of which rows.
        compared: The columns that the condition compares, beside the text.
        postgresql: The text of those rows, as the expression of an index.
    """

    text: str
    condition: str
    compared: tuple[str, ...]
    postgresql: str


_TABLES = {
    "chat_message": _Indexed(
        "content",
        "{row}.role IN ('user', 'assistant')",
        ("role",),
        "CASE WHEN role = 'user' OR role = 'assistant' THEN content END",
    ),
    "transcript": _Indexed("content", "{row}.content IS NOT NULL", (), "content"),
    "call": _Indexed("summary", "{row}.summary IS NOT NULL", (), "summary"),
}
_MOST = 65_536
"""Characters of a text that are indexed."""

_WORDS = (
    "(array_to_tsvector(ARRAY['#' || CAST(organization_id AS text)]) || to_tsvector('simple',"
    " translate(left({text}, 65536), '#&+-./:;<=>?@_~', '               ')))"
)


def upgrade() -> None:
    """Make the indexes, of the rows that are there too."""
    if op.get_bind().dialect.name == "sqlite":
        _require_fts5()
        take([RevisionStep(f"words of {name}", partial(_fill, name)) for name in _TABLES])
        return
    with table_changes(op.get_bind(), list(_TABLES)) as changes:
        steps = [
            RevisionStep(
                f"words of {name}",
                partial(
                    changes.create_index_on,
                    f"ix_{name}_words",
                    f"{name} USING gin ({_WORDS.format(text=indexed.postgresql)})",
                ),
            )
            for name, indexed in _TABLES.items()
        ]
        take(steps)


def downgrade() -> None:
    """Drop them."""
    if op.get_bind().dialect.name == "sqlite":
        for name in _TABLES:
            for action in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER {name}_words_{action}")
            op.execute(f"DROP TABLE {name}_words")
        return
    with table_changes(op.get_bind(), list(_TABLES)) as changes:
        for name in _TABLES:
            changes.drop_index(f"ix_{name}_words")


def _require_fts5() -> None:
    options = op.get_bind().exec_driver_sql("PRAGMA compile_options").scalars().all()
    if "ENABLE_FTS5" not in options:
        raise MigrationRefused(
            "This Python's SQLite was built without FTS5, which searches texts.",
            "Use a Python whose sqlite3 has it, as those of python.org and of most systems.",
        )


def _fill(name: str) -> None:
    """Make the table of a table's words, fill it, and make the triggers."""
    indexed, words = _TABLES[name], f"{name}_words"
    columns = ("id", "organization_id", *indexed.compared, indexed.text)
    is_changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    of_new, of_old = (indexed.condition.format(row=row) for row in ("NEW", "OLD"))
    add = (
        f"INSERT INTO {words} (rowid, owner, content)"
        f" SELECT {_values(indexed, 'NEW')} WHERE {of_new};"
    )
    # FTS5 keeps no texts, so it has to hear to the letter what it indexed.
    remove = (
        f"INSERT INTO {words} ({words}, rowid, owner, content)"
        f" SELECT 'delete', {_values(indexed, 'OLD')} WHERE {of_old};"
    )
    for statement in (
        (
            f"CREATE VIRTUAL TABLE {words} USING fts5(owner, content, content='', columnsize=0,"
            " tokenize='unicode61 remove_diacritics 0')"
        ),
        (
            f"INSERT INTO {words} (rowid, owner, content) SELECT {_values(indexed, name)}"  # noqa: S608 -- nothing of it comes from outside
            f" FROM {name} WHERE {indexed.condition.format(row=name)} ORDER BY id"
        ),
        f"CREATE TRIGGER {words}_insert AFTER INSERT ON {name} BEGIN {add} END",
        (
            f"CREATE TRIGGER {words}_update AFTER UPDATE OF {', '.join(columns)} ON {name}"
            f" WHEN {is_changed} BEGIN {remove} {add} END"
        ),
        f"CREATE TRIGGER {words}_delete AFTER DELETE ON {name} BEGIN {remove} END",
    ):
        op.get_bind().exec_driver_sql(statement)


def _values(indexed: _Indexed, row: str) -> str:
    """The id, the owner and the text of a row."""
    text = f"substr({row}.{indexed.text}, 1, {_MOST})"
    return f"{row}.id, 'o' || {row}.organization_id, {text}"
