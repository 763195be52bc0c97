"""Columns of `call` that the database derives, whoever writes: nobody can set them, or forget to.

- `customer_phone_digits`: the digits of `customer_phone_number`, none of an address that is no
  number;
- `is_archived`: whether `call_meta` has `"sms_deleted": true`;
- `message_count`: how many messages the customer and the assistant wrote;
- `last_activity`: of an SMS conversation, when the last of them was written, and no earlier than
  `started_at`; of a voice call, `started_at`.

An index has `last_activity`, and PostgreSQL writes a row to all its indexes when a column of one of
them changes. Nobody reads it of a voice call, so that the messages of one need not change it.

On PostgreSQL, triggers before a write of `call` set its columns, and triggers after a statement on
`chat_message` add to them. As in 0013 these loop over what a statement wrote and change the calls
one by one, each by its organization and id; in the order of these, so that two writers do not wait
for each other. On SQLite all of them are triggers after a write, which change the row again.
"""

from collections.abc import Iterator
from functools import partial

import sqlalchemy as sa
from alembic import op

from gql.migrations.online import Changes, table_changes
from gql.migrations.progress import RevisionStep, take

revision = "0018_derived_columns"
down_revision = "0017_what_sources_tell"
branch_labels = None
depends_on = None

_COUNTED = "role IN ('user', 'assistant')"
_BATCH = 1_000
"""Calls that one statement corrects, so long as it holds them against other writers."""


def upgrade() -> None:
    """Make the triggers, and correct the rows that are there."""
    if op.get_bind().dialect.name == "sqlite":
        # First the rows: the triggers would look at each of them.
        op.execute(_sqlite_correction())
        for statement in _sqlite():
            op.execute(statement)
        return
    with table_changes(op.get_bind(), ("call", "chat_message")) as changes:
        take(list(_postgresql(changes)))


def downgrade() -> None:
    """Drop the triggers; the values stay."""
    if op.get_bind().dialect.name == "sqlite":
        for name in (*_CALL_TRIGGERS, *_MESSAGE_TRIGGERS):
            op.execute(f"DROP TRIGGER {name}")
        return
    with table_changes(op.get_bind(), ("call", "chat_message")) as changes:
        changes.change(*_drop_triggers())
    for name in (*_CALL_TRIGGERS, *_MESSAGE_TRIGGERS, "call_messages_truncate"):
        op.execute(f"DROP FUNCTION IF EXISTS {name}()")


_CALL_TRIGGERS = ("call_derived_insert", "call_derived_update", "call_counted_update")
_MESSAGE_TRIGGERS = ("call_messages_insert", "call_messages_delete", "call_messages_update")

# -- PostgreSQL ------------------------------------------------------------------------------------

_DIGITS = """
    CASE WHEN {row}customer_phone_number ~* '^(sips?|client):' THEN ''
    ELSE regexp_replace({row}customer_phone_number, '[^0-9]', '', 'g') END
"""
_ARCHIVED = "coalesce(({row}call_meta -> 'sms_deleted')::text = 'true', false)"
_NEWEST = """
    (SELECT max(message."timestamp") FROM {schema}.chat_message AS message
    WHERE (message.organization_id, message.call_id) = ({call})
    AND message.role IN ('user', 'assistant'))
"""


def _postgresql(changes: Changes) -> Iterator[RevisionStep]:
    """Triggers first, each waiting for running writers; what comes later is right by itself."""
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    make = partial(changes.change, *_functions(schema), *_drop_triggers(), *_triggers())
    yield RevisionStep("triggers of call and chat_message", make)
    yield RevisionStep("calls", partial(_correct, schema, changes))


def _correct(schema: str, changes: Changes) -> None:
    """Correct the calls in the order of their keys, so many at a time."""
    last = (0, 0)
    while True:
        first = last
        batch = f"""
            SELECT organization_id, id FROM {schema}.call
            WHERE (organization_id, id) > {first} ORDER BY organization_id, id LIMIT {_BATCH}
        """  # noqa: S608 -- nothing of it comes from outside
        newest = f"SELECT * FROM ({batch}) AS batch ORDER BY organization_id DESC, id DESC LIMIT 1"  # noqa: S608
        row = op.get_bind().exec_driver_sql(newest).one_or_none()
        if row is None:
            return
        last = (int(row[0]), int(row[1]))
        changes.change(_correction(schema, first, last))


def _correction(schema: str, first: tuple[int, int], last: tuple[int, int]) -> str:
    """Of the calls after a key, to another one."""
    newest = _NEWEST.format(schema=schema, call="call.organization_id, call.id")
    return f"""
        UPDATE {schema}.call SET (customer_phone_digits, is_archived, message_count, last_activity)
            = (correct.digits, correct.is_archived, correct.messages, correct.newest)
        FROM (
            SELECT organization_id, id, {_DIGITS.format(row="")} AS digits,
                {_ARCHIVED.format(row="")} AS is_archived,
                (SELECT count(*) FROM {schema}.chat_message AS message
                    WHERE (message.organization_id, message.call_id)
                        = (call.organization_id, call.id)
                    AND message.{_COUNTED}) AS messages,
                CASE channel WHEN 'sms' THEN greatest(started_at, {newest}) ELSE started_at END
                    AS newest
            FROM {schema}.call
            WHERE (organization_id, id) > {first} AND (organization_id, id) <= {last}
        ) AS correct
        WHERE (call.organization_id, call.id) = (correct.organization_id, correct.id)
            AND (customer_phone_digits, call.is_archived, message_count, last_activity)
            IS DISTINCT FROM (correct.digits, correct.is_archived, correct.messages, correct.newest)
    """  # noqa: S608 -- nothing of it comes from outside


def _functions(schema: str) -> list[str]:
    newest = partial(_NEWEST.format, schema=schema)
    of_row = newest(call="NEW.organization_id, NEW.id")
    of_call = newest(call="written.organization_id, written.call_id")
    derived = f"""
        NEW.customer_phone_digits := {_DIGITS.format(row="NEW.")};
        NEW.is_archived := {_ARCHIVED.format(row="NEW.")};
    """
    more = f"""
        UPDATE {schema}.call SET message_count = message_count + written.messages,
            last_activity = CASE channel WHEN 'sms' THEN greatest(last_activity, written.newest)
                ELSE last_activity END
        WHERE (organization_id, id) = (written.organization_id, written.call_id);
    """  # noqa: S608 -- nothing of it comes from outside
    less = f"""
        UPDATE {schema}.call SET message_count = message_count - written.messages,
            last_activity = CASE WHEN channel <> 'sms' OR last_activity > written.newest
                THEN last_activity ELSE greatest(started_at, {of_call}) END
        WHERE (organization_id, id) = (written.organization_id, written.call_id);
    """  # noqa: S608 -- as above
    grouped = f"""
        SELECT organization_id, call_id, count(*) AS messages, max("timestamp") AS newest
        FROM {{rows}} WHERE {_COUNTED} GROUP BY 1, 2 ORDER BY 1, 2
    """  # noqa: S608 -- as above
    each = "FOR written IN {rows} LOOP {change} END LOOP;".format
    changed, one = grouped.format(rows="changed"), "(SELECT {row}.*) AS changed"
    former, latter = (grouped.format(rows=one.format(row=row)) for row in ("OLD", "NEW"))
    return [
        _function(
            schema,
            "call_derived_insert",
            f"{derived} NEW.message_count := 0; NEW.last_activity := NEW.started_at; RETURN NEW;",
        ),
        _function(schema, "call_derived_update", f"{derived} RETURN NEW;"),
        _function(
            schema,
            "call_counted_update",
            f"""
            SELECT count(*) INTO NEW.message_count FROM {schema}.chat_message
                WHERE (organization_id, call_id) = (NEW.organization_id, NEW.id) AND {_COUNTED};
            NEW.last_activity := CASE NEW.channel WHEN 'sms' THEN greatest(NEW.started_at, {of_row})
                ELSE NEW.started_at END;
            RETURN NEW;
            """,  # noqa: S608 -- as above
        ),
        _function(
            schema, "call_messages_insert", each(rows=changed, change=more) + " RETURN NULL;"
        ),
        _function(
            schema, "call_messages_delete", each(rows=changed, change=less) + " RETURN NULL;"
        ),
        _function(
            schema,
            "call_messages_update",
            each(rows=former, change=less) + each(rows=latter, change=more) + " RETURN NULL;",
        ),
        _function(
            schema,
            "call_messages_truncate",
            f"""
            UPDATE {schema}.call SET message_count = 0, last_activity = started_at
                WHERE message_count <> 0;
            RETURN NULL;
            """,  # noqa: S608 -- as above
        ),
    ]


def _function(schema: str, name: str, body: str) -> str:
    """As the owner of the tables: who may write messages need not be allowed to write calls."""
    return f"""
        CREATE OR REPLACE FUNCTION {schema}.{name}() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE written record;
        BEGIN
            {body}
        END $$
    """


def _triggers() -> list[str]:
    differs = "({columns}) IS DISTINCT FROM ({others})".format
    counted = ("message_count", "last_activity", "started_at", "channel")
    by_hand = differs(
        columns=", ".join(f"OLD.{name}" for name in counted),
        others=", ".join(f"NEW.{name}" for name in counted),
    )
    of_message = ("organization_id", "call_id", "role", '"timestamp"')
    moved = differs(
        columns=", ".join(f"OLD.{name}" for name in of_message),
        others=", ".join(f"NEW.{name}" for name in of_message),
    )
    return [
        """
        CREATE TRIGGER call_derived_insert BEFORE INSERT ON call
            FOR EACH ROW EXECUTE FUNCTION call_derived_insert()
        """,
        """
        CREATE TRIGGER call_derived_update BEFORE UPDATE OF customer_phone_number,
            customer_phone_digits, call_meta, is_archived ON call
            FOR EACH ROW EXECUTE FUNCTION call_derived_update()
        """,
        # At depth 0 a writer has set them by hand; deeper, a message's trigger has.
        f"""
        CREATE TRIGGER call_counted_update BEFORE UPDATE OF {", ".join(counted)} ON call
            FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND {by_hand})
            EXECUTE FUNCTION call_counted_update()
        """,
        """
        CREATE TRIGGER call_messages_insert AFTER INSERT ON chat_message
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION call_messages_insert()
        """,
        """
        CREATE TRIGGER call_messages_delete AFTER DELETE ON chat_message
            REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION call_messages_delete()
        """,
        f"""
        CREATE TRIGGER call_messages_update AFTER UPDATE ON chat_message
            FOR EACH ROW WHEN ({moved}) EXECUTE FUNCTION call_messages_update()
        """,
        """
        CREATE TRIGGER call_messages_truncate AFTER TRUNCATE ON chat_message
            FOR EACH STATEMENT EXECUTE FUNCTION call_messages_truncate()
        """,
    ]


def _drop_triggers() -> list[str]:
    return [
        *(f"DROP TRIGGER IF EXISTS {name} ON call" for name in _CALL_TRIGGERS),
        *(f"DROP TRIGGER IF EXISTS {name} ON chat_message" for name in _MESSAGE_TRIGGERS),
        "DROP TRIGGER IF EXISTS call_messages_truncate ON chat_message",
    ]


# -- SQLite ----------------------------------------------------------------------------------------

_USUAL = (" ", "-", "(", ")", ".", "+", "/")
_MARK = 2**40
"""What a message's trigger adds to `message_count`, so that another one can tell it from a writer.

SQLite cannot say whether a trigger or a writer runs an UPDATE. A count that differs from the former
one by this number and 1 at most is the trigger's, which takes the mark off again; any other change
is a writer's, and the messages are counted. Counting them for each message would take longer the
longer a conversation is: 1,000 messages would be read half a million times.
"""


def _sqlite_digits(row: str) -> str:
    """Character by character only where what people usually write between digits is not all."""
    number = f"{row}.customer_phone_number"
    short = number
    for character in _USUAL:
        short = f"replace({short}, '{character}', '')"
    digits = f"""
        (WITH RECURSIVE offsets(at) AS
            (SELECT 1 UNION ALL SELECT at + 1 FROM offsets WHERE at < length({number}))
        SELECT group_concat(substr({number}, at, 1), '') FROM offsets
        WHERE substr({number}, at, 1) GLOB '[0-9]')
    """  # noqa: S608 -- nothing of it comes from outside
    addresses = " OR ".join(
        f"lower({number}) GLOB '{kind}:*'" for kind in ("sip", "sips", "client")
    )
    return f"""
        CASE WHEN {addresses} THEN '' WHEN {short} NOT GLOB '*[^0-9]*' THEN {short}
        ELSE coalesce({digits}, '') END
    """


def _sqlite_archived(row: str) -> str:
    return f"coalesce(json_type({row}.call_meta, '$.sms_deleted') = 'true', 0)"


def _sqlite_messages(row: str, value: str) -> str:
    return f"""
        (SELECT {value} FROM chat_message
        WHERE (organization_id, call_id) = ({row}.organization_id, {row}.id) AND {_COUNTED})
    """  # noqa: S608 -- nothing of it comes from outside


def _sqlite_newest(row: str) -> str:
    newest = _sqlite_messages(row, "max(timestamp)")
    return f"""
        CASE {row}.channel WHEN 'sms' THEN max({row}.started_at, coalesce({newest}, ''))
        ELSE {row}.started_at END
    """


def _sqlite_correction() -> str:
    digits, archived = _sqlite_digits("call"), _sqlite_archived("call")
    count, newest = _sqlite_messages("call", "count(*)"), _sqlite_newest("call")
    return f"""
        UPDATE call SET (customer_phone_digits, is_archived, message_count, last_activity)
            = ({digits}, {archived}, {count}, {newest})
        WHERE (customer_phone_digits, is_archived, message_count, last_activity)
            IS NOT ({digits}, {archived}, {count}, {newest})
    """  # noqa: S608 -- nothing of it comes from outside


def _sqlite() -> list[str]:
    digits, archived = _sqlite_digits("NEW"), _sqlite_archived("NEW")
    columns = "customer_phone_digits, is_archived"
    derived = f"({columns}) = ({digits}, {archived})"
    differs = f"({columns}) IS NOT ({digits}, {archived})"
    by_trigger = f"NEW.message_count - OLD.message_count BETWEEN {_MARK - 1} AND {_MARK + 1}"
    is_changed = " OR ".join(
        f"OLD.{name} IS NOT NEW.{name}"
        for name in ("message_count", "last_activity", "started_at", "channel")
    )
    counted = ("organization_id", "call_id", "role", "timestamp")
    is_moved = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in counted)
    return [
        f"""
        CREATE TRIGGER call_derived_insert AFTER INSERT ON call BEGIN
            UPDATE call SET {derived} WHERE id = NEW.id AND {differs};
            UPDATE call SET message_count = 0, last_activity = NEW.started_at WHERE id = NEW.id
                AND (message_count, last_activity) IS NOT (0, NEW.started_at);
        END
        """,  # noqa: S608 -- as above
        f"""
        CREATE TRIGGER call_derived_update AFTER UPDATE OF customer_phone_number,
            customer_phone_digits, call_meta, is_archived ON call
        BEGIN UPDATE call SET {derived} WHERE id = NEW.id AND {differs}; END
        """,  # noqa: S608 -- as above
        f"""
        CREATE TRIGGER call_counted_update
            AFTER UPDATE OF message_count, last_activity, started_at, channel ON call
            WHEN OLD.message_count < {_MARK} AND ({is_changed})
        BEGIN
            UPDATE call SET message_count = NEW.message_count - {_MARK}
                WHERE id = NEW.id AND {by_trigger};
            UPDATE call SET message_count = {_sqlite_messages("NEW", "count(*)")},
                last_activity = {_sqlite_newest("NEW")} WHERE id = NEW.id AND NOT ({by_trigger});
        END
        """,  # noqa: S608 -- nothing of it comes from outside
        f"CREATE TRIGGER call_messages_insert AFTER INSERT ON chat_message BEGIN {_more()} END",
        f"CREATE TRIGGER call_messages_delete AFTER DELETE ON chat_message BEGIN {_less()} END",
        f"""
        CREATE TRIGGER call_messages_update AFTER UPDATE OF {", ".join(counted)} ON chat_message
        WHEN {is_moved} BEGIN {_less()} {_more()} END
        """,
    ]


def _more() -> str:
    return f"""
        UPDATE call SET message_count = message_count + {_MARK} + 1,
            last_activity = CASE channel WHEN 'sms' THEN max(last_activity, NEW.timestamp)
                ELSE last_activity END
        WHERE (organization_id, id) = (NEW.organization_id, NEW.call_id) AND NEW.{_COUNTED};
    """  # noqa: S608 -- nothing of it comes from outside


def _less() -> str:
    return f"""
        UPDATE call SET message_count = message_count + {_MARK} - 1,
            last_activity = CASE WHEN channel <> 'sms' OR last_activity > OLD.timestamp
                THEN last_activity
                ELSE {_sqlite_newest("call")} END
        WHERE (organization_id, id) = (OLD.organization_id, OLD.call_id) AND OLD.{_COUNTED};
    """  # noqa: S608 -- nothing of it comes from outside
