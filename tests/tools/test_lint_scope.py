"""The lint finds a second place that decides to whom a row belongs, however it is written."""

from pathlib import Path

import pytest

from tools.lint_scope import findings, lint

PLANTED = (
    "select(t).where(t.c.organization_id == 5)",
    "select(t).where(5 == t.c.organization_id)",
    "select(Call).where(Call.organization_id != other)",
    "select(t).where(t.c['organization_id'] == 5)",
    "select(t).where(t.c.get('organization_id') == 5)",
    "select(t).where(getattr(Call, 'organization_id') == 5)",
    "select(t).where(col(Call.organization_id) == 5)",
    "select(t).where(column('organization_id') == 5)",
    "select(t).where(owner(t) == 5)",
    "select(t).where(scope.owner(t).in_([5]))",
    "select(t).where(t.c.organization_id.in_([1, 2]))",
    "select(t).where(t.c.organization_id.is_(None))",
    "select(t).where(t.c.organization_id.between(1, 5))",
    "select(t).where(t.c.organization_id.op('=')(5))",
    "select(t).where(other.in_([t.c.organization_id]))",
    "select(t).where(operator.eq(t.c.organization_id, 5))",
    "select(t).where(tuple_(t.c.id, t.c.organization_id).in_(pairs))",
    "query(Call).filter_by(organization_id=5)",
    "t.join(u, t.c.organization_id == u.c.organization_id)",
    "if row.organization_id == identity.organization_id: pass",
    "if row['organization_id'] not in mine: pass",
    "text('SELECT * FROM call WHERE organization_id = :o')",
    "text(f'SELECT * FROM {t} WHERE {t}.organization_id = 5')",
    "text('SELECT * FROM call WHERE \"organization_id\" IN (1, 2)')",
    "text('SELECT * FROM a JOIN b ON a.id = b.organization_id')",
    "from gql.models.scope import owned, same_owner",
    "select(t).where(scope.same_owner(t, u))",
)

ALLOWED = (
    "select(t).where(owned(t, organization_id))",
    "insert(t).values(organization_id=organization_id)",
    "Row(organization_id=row.organization_id)",
    "select(t.c.organization_id).order_by(t.c.organization_id)",
    "if organization_id is None: pass",
    "if organization_id < 1: pass",
    "f'organization_id must be positive'",
    "Index('ix', 'organization_id', 'id')",
    "{'organization_id': 5}",
    "'the documented organization_id'",
    "def f():\n    '''Where organization_id = 5 is explained.'''",
)


@pytest.mark.parametrize("source", PLANTED)
def test_a_planted_filter_is_found(source: str) -> None:
    assert [finding.line for finding in findings(source, "planted.py")]


@pytest.mark.parametrize("source", ALLOWED)
def test_what_decides_nothing_passes(source: str) -> None:
    assert list(findings(source, "allowed.py")) == []


def test_a_finding_says_where_and_what_to_use(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "calls.py"
    file.parent.mkdir()
    file.write_text("\n\nselect(t).where(t.c.organization_id == 5)\n")

    assert [str(finding) for finding in lint([tmp_path])] == [
        f"{file}:3: organization_id is compared; use gql.models.scope.owned"
    ]


def test_few_folders_may_compare_the_organizations_of_two_rows() -> None:
    importing = [path for path in Path("gql").rglob("*.py") if "same_owner" in path.read_text()]

    folders = ("gql/accounts", "gql/migrations", "gql/models", "gql/webhooks")
    assert {path.parent for path in importing} == set(map(Path, folders))


def test_the_code_has_one_place() -> None:
    assert lint([Path("gql")]) == []
    assert list(findings(Path("gql/models/scope.py").read_text(), "scope.py"))
