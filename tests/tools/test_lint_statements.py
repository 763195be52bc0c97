"""The lint finds tenant tables whose organization is not bound, in statements and in functions."""

from pathlib import Path

import pytest

from gql.database import Database
from gql.migrations.runner import migrate
from tests.bound_statements import EXCEPTIONS, StatementLint
from tests.databases import Databases, settings_for
from tools.lint_statements import (
    EVERYBODY,
    HIDDEN,
    LINKED,
    TENANT_TABLES,
    UNBOUND,
    UNNAMED,
    Finding,
    Lint,
)

PLANTED = (
    ("SELECT id FROM call", "call", UNBOUND),
    ("SELECT id FROM call WHERE id = $1", "call", UNBOUND),
    ("SELECT id FROM call WHERE organization_id = $1 OR id = $2", "call", UNBOUND),
    ("SELECT id FROM call WHERE NOT (organization_id = $1)", "call", UNBOUND),
    ("SELECT id FROM call WHERE organization_id = ANY ($1)", "call", UNBOUND),
    ("SELECT id FROM call WHERE organization_id > $1", "call", UNBOUND),
    ("SELECT (SELECT count(*) FROM call) FROM organization", "call", UNBOUND),
    ("SELECT * FROM (SELECT * FROM call) c WHERE c.organization_id = $1", "call", UNBOUND),
    ("WITH c AS (SELECT * FROM call) SELECT 1 FROM c WHERE organization_id = $1", "call", UNBOUND),
    (
        "SELECT 1 FROM call c JOIN organization u ON c.organization_id = u.organization_id",
        "call",
        LINKED,
    ),
    ("SELECT 1 FROM call c LEFT JOIN organization u ON c.organization_id = $1", "call", UNBOUND),
    ("SELECT 1 FROM call c, call d WHERE c.organization_id = $1", "call", UNBOUND),
    ("SELECT 1 FROM call c JOIN organization u ON organization_id = $1", "call", UNBOUND),
    ("SELECT 1 UNION ALL SELECT 1 FROM chat_message", "chat_message", UNBOUND),
    ("SELECT id FROM call WHERE true", "call", UNBOUND),
    ("SELECT id FROM call WHERE false", "call", UNBOUND),
    ("UPDATE call SET status = 'failed' WHERE id = $1", "call", UNBOUND),
    ("UPDATE api_key SET id = 1 FROM call WHERE api_key.organization_id = $1", "call", UNBOUND),
    ("DELETE FROM call USING organization u WHERE u.organization_id = $1", "call", UNBOUND),
    ("INSERT INTO call (id) VALUES ($1)", "call", UNNAMED),
    ("INSERT INTO audit_log (organization_id) SELECT id FROM call", "call", UNBOUND),
    ("COPY call (id) FROM STDIN", "call", UNNAMED),
    ("TRUNCATE call", "call", EVERYBODY),
)

BOUND = (
    "SELECT id FROM call WHERE id = $2 AND organization_id = $1::bigint",
    "SELECT id FROM call AS c WHERE $1 = c.organization_id AND (c.id = 1 OR c.id = 2)",
    "SELECT id FROM call WHERE (organization_id, id) = ($1, $2)",
    "SELECT 1 FROM call c LEFT JOIN call d ON d.organization_id = $1 WHERE c.organization_id = $1",
    "SELECT (SELECT count(*) FROM call WHERE organization_id = $1)",
    "WITH call AS (SELECT 1 AS id) SELECT id FROM call",
    "UPDATE call SET status = 'failed' WHERE organization_id = $1 AND id = $2",
    "INSERT INTO call (organization_id, id) VALUES ($1, $2)",
    "COPY call (organization_id, id) FROM STDIN",
    "SELECT id FROM call WHERE organization_id = $1 AND 1 = 0",
    "SELECT id FROM api_key WHERE key_hash = $1",
    "BEGIN",
)


def findings(sql: str) -> set[Finding]:
    lint = Lint()
    lint.statements(sql)
    return lint.findings


@pytest.mark.parametrize(("sql", "table", "reason"), PLANTED)
def test_a_planted_statement_is_found(sql: str, table: str, reason: str) -> None:
    assert findings(sql) == {Finding(table, reason)}


@pytest.mark.parametrize("sql", BOUND)
def test_a_bound_statement_passes(sql: str) -> None:
    assert findings(sql) == set()


def _function(body: str) -> str:
    return f"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"


def test_a_function_is_read_statement_by_statement() -> None:
    lint = Lint()
    lint.function(
        _function("""
        DECLARE each record; place tid; most bigint := (SELECT max(id) FROM transcript);
        BEGIN
            FOR each IN SELECT organization_id FROM changed GROUP BY 1 LOOP
                UPDATE call SET status = 'failed' WHERE organization_id = each.organization_id;
                UPDATE assistant SET name = '' WHERE ctid = place;
            END LOOP;
            IF EXISTS (SELECT 1 FROM chat_message WHERE organization_id = NEW.organization_id) THEN
                place := (SELECT ctid FROM graph_node LIMIT 1);
            END IF;
            EXECUTE 'DELETE FROM call';
            RETURN NULL;
        END
        """)
    )

    assert lint.findings == {
        Finding("assistant", UNBOUND),
        Finding("function", HIDDEN),
        Finding("graph_node", UNBOUND),
        Finding("transcript", UNBOUND),
    }
    assert lint.references == 5


def test_a_function_in_sql_has_parameters() -> None:
    lint = Lint()
    lint.function(
        "CREATE FUNCTION f(owner bigint) RETURNS bigint LANGUAGE sql AS"
        " $$ SELECT count(*) FROM call WHERE organization_id = owner;"
        " SELECT count(*) FROM call WHERE organization_id = id $$"
    )

    assert lint.findings == {Finding("call", LINKED)}


def test_the_log_is_read_once_and_a_statement_parsed_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    unbound = "SELECT id FROM call\n\tWHERE id = $1"
    log.write_text(
        f"copy_1|jackfield|LOG:  execute __asyncpg_1__: {unbound}\n"  # noqa: S608 -- no database runs it
        "copy_1|jackfield|LOG:  statement: BEGIN\n"
        "copy_1|psql|LOG:  statement: SELECT id FROM call\n"
        "copy_1|jackfield|LOG:  execute a: SELECT id FROM call /* sent by a test */\n"
        "copy_1|jackfield|ERROR:  no\n\tsuch statement\n"
        "copy_1|jackfield|LOG:  statement: COPY call (organization_id) FROM STDIN\n"
    )
    lint = StatementLint(lambda: log)

    assert lint.faults() == [f"call: {UNBOUND} in\nSELECT id FROM call\nWHERE id = $1"]
    with log.open("a") as file:
        file.write(f"copy_2|jackfield|LOG:  execute b: {unbound}\n")
    assert lint.faults() == []
    assert lint.counts == {"texts": 4, "statements": 2, "references": 2}


def test_a_test_fails_with_the_statement(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("copy_1|jackfield|LOG:  statement: DELETE FROM call WHERE id = $1\n")

    with pytest.raises(pytest.fail.Exception, match=f"call: {UNBOUND} in\nDELETE FROM call"):
        StatementLint(lambda: log).require_bound()


def test_tenant_tables_are_all_but_the_three_that_are_searched_first() -> None:
    assert len(TENANT_TABLES) > 10
    assert not TENANT_TABLES & {"organization", "user", "api_key"}


FUNCTIONS = {
    "call_messages_truncate": "runs when all messages of everybody were removed",
    "call_rollup_truncate": "runs when all calls of everybody were removed",
}
"""Why a function need not bind an organization."""


async def test_every_function_of_the_schema_binds_the_organization(databases: Databases) -> None:
    url = await databases.empty("postgresql")
    database = Database(settings_for(url))
    try:
        await migrate(database.engine)
        async with database.engine.connect() as connection:
            rows = await connection.exec_driver_sql(
                "SELECT proname, pg_get_functiondef(pg_proc.oid) AS definition FROM pg_proc"
                " JOIN pg_language ON pg_language.oid = prolang"
                " WHERE pronamespace = current_schema()::regnamespace AND lanname <> 'c'"
            )
            definitions = {row.proname: row.definition for row in rows}
    finally:
        await database.close()
    lints = {name: Lint() for name in definitions}
    for name, lint in lints.items():
        lint.function(definitions[name])

    unbound = {name for name, lint in lints.items() if lint.findings}
    assert unbound == FUNCTIONS.keys()
    assert sum(lint.references for lint in lints.values()) > 0


def test_every_exception_has_its_reason() -> None:
    assert all(EXCEPTIONS.values())
    assert all(FUNCTIONS.values())
