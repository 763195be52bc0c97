"""What the documentation says of the code is what the code says."""

import ast
import pkgutil
import re
from pathlib import Path

import gql
from benchmarks.results import REPEATED
from gql.settings import Settings
from tests.live import ROOT
from tools.docs import pages, refreshed, settings_table, stale
from tools.released import CHANGELOG, CURRENT, RELEASED, released, unannounced
from tools.speed import speed_table

BEFORE = "type Query { a(x: Int): Int b: Int } enum E { A B } type T { x: Int }"
AFTER = "type Query { a(x: Int, y: Int!): String } enum E { A }"


def test_every_generated_table_is_current() -> None:
    assert stale(ROOT) == []


def test_every_setting_is_in_the_documentation() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()

    assert settings_table() in page
    for name in Settings.model_fields:
        assert f"| `GQL_{name.upper()}` |" in page


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_a_stale_table_is_replaced_and_nothing_else() -> None:
    header = settings_table().splitlines()[0]
    page = f"# Title\n\n{header}\n| --- | --- | --- |\n| old | row | here |\n\nMore.\n| other |\n"

    assert refreshed(page) == f"# Title\n\n{settings_table()}\n\nMore.\n| other |\n"
    assert refreshed(refreshed(page)) == refreshed(page)


def test_links_between_pages_lead_somewhere() -> None:
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    broken = [
        f"{page.name}: {target}"
        for page in pages(ROOT)
        if page.exists()
        for target in link.findall(page.read_text())
        if not (page.parent / target).exists()
    ]

    assert broken == []


def test_files_that_the_documentation_names_are_there() -> None:
    files = [
        path.relative_to(ROOT).as_posix()
        for folder in ("gql", "tests", "tools", "benchmarks", "playground")
        for path in (ROOT / folder).rglob("*.py")
    ]
    missing = [
        f"{page.name}: {name}"
        for page in pages(ROOT)
        if page.exists()
        for name in re.findall(r"`([\w/]+\.py)`", page.read_text())
        if not any(f"/{file}".endswith(f"/{name}") for file in files)
    ]

    assert missing == []


def test_folders_and_objects_that_the_documentation_names_are_there() -> None:
    missing = [
        f"{page.name}: {name}"
        for page in pages(ROOT)
        if page.exists()
        for name in re.findall(
            r"`((?:gql|tests|tools|benchmarks)/[\w/]*/|gql(?:\.\w+)+)`", page.read_text()
        )
        if not ((ROOT / name).is_dir() if name.endswith("/") else _resolves(name))
    ]

    assert missing == []


def test_classes_that_the_page_about_the_engine_names_are_there() -> None:
    page = (ROOT / "docs" / "engine.md").read_text()
    classes = {
        node.name
        for path in (ROOT / "gql" / "engine").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    }
    stages = re.findall(r"^\| `(\w+)` \| .+ \| `.+` \|$", page, re.MULTILINE)
    named = re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", page)

    assert len(stages) == 4
    assert {*stages, *named} - classes == set()


def _resolves(name: str) -> bool:
    """Whether a dotted name is a module, or an object of one."""
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def test_the_map_of_the_tests_names_every_folder_and_helper() -> None:
    page = (ROOT / "tests" / "README.md").read_text()
    named = set(re.findall(r"`([\w/]+/|[\w/]+\.py)`", page))
    folders = {
        f"{path.parent.relative_to(ROOT / 'tests').as_posix()}/"
        for path in (ROOT / "tests").rglob("test_*.py")
    }
    helpers = {path.name for path in (ROOT / "tests").glob("*.py") if path.name[:5] != "test_"}

    assert (folders - {"./"} | helpers) - named == set()
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).exists()] == []


def test_the_newest_version_of_the_changelog_is_this_one() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / CHANGELOG).read_text(), re.MULTILINE)
    versions = [heading.split()[0].strip("[]") for heading in headings]

    assert next(version for version in versions if version != "Unreleased") == gql.__version__


def test_the_package_is_ours() -> None:
    """Another distribution has an import package of the same name, and would merge into ours."""
    assert Path(gql.__file__) == ROOT / "gql" / "__init__.py"


def test_what_was_released_is_kept_or_the_changelog_says_otherwise() -> None:
    schema = (ROOT / CURRENT).read_text()

    assert unannounced(released(ROOT), schema, (ROOT / CHANGELOG).read_text()) == []


def test_before_the_first_release_the_promise_is_todays_schema(tmp_path: Path) -> None:
    (tmp_path / CURRENT).write_text("type Query { a: Int }")
    assert released(tmp_path) == "type Query { a: Int }"

    (tmp_path / RELEASED).parent.mkdir(parents=True)
    (tmp_path / RELEASED).write_text("type Query { b: Int }")
    assert released(tmp_path) == "type Query { b: Int }"


def test_a_break_that_is_not_announced_is_found() -> None:
    assert unannounced(BEFORE, AFTER, "# Changelog\n\n## 2.0\n\n### Added\n\n- `Query.b`\n") == [
        "T was removed.",
        "Field Query.b was removed.",
        "A required argument Query.a(y:) was added.",
        "Field Query.a changed type from Int to String.",
        "Enum value E.B was removed.",
    ]


def test_a_break_that_the_newest_part_announces_passes() -> None:
    changelog = """# Changelog

## Unreleased

### Changed

- `Query.a` needs `y`.

### Removed

- `T`, and `Query.b`.

## 1.0

### Removed

- `E.B`
"""

    assert unannounced(BEFORE, AFTER, changelog) == ["Enum value E.B was removed."]


def test_the_table_of_speed_is_what_was_measured() -> None:
    page = """## 1 connection

| x | W1 |
| --- | ---: |
| rows | 9.00 |

## 16 connections

| Jackfield's requests per second over | W1 | W3 | typename |
| --- | ---: | ---: | ---: |
| resolvers | 119.51 | 32.02 | 1.69 |
| rows | 1.50 |  | 0.22 |

| Requests per second | W1 |
"""

    table = speed_table(page).splitlines()
    rows = {line.split(" | ")[0]: line.strip("|").split("|")[1:] for line in table}
    header = [cell.strip() for cell in rows["| requests per second over"]]
    cells_by_row = {
        line.strip("| "): {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        for line, cells in rows.items()
    }
    assert cells_by_row["one nested graph"] == {
        **dict.fromkeys(header, ""),
        "hand-written rows + orjson": "1.5",
        "Jackfield by resolvers": "120",
    }
    assert set(cells_by_row["50 graphs with nodes, edges and sessions"].values()) == {""}
    assert cells_by_row["`{__typename}`"]["Jackfield by resolvers"] == "1.7"
    assert "| *200 requests, again and again:* |" in table[2]
    assert "| *values never sent before:* |" in speed_table(f"{page}\n{REPEATED}\n")
