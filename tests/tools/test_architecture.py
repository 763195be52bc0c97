"""The README's picture of the packages shows what the code imports."""

from graphlib import CycleError

import pytest

from tests.live import ROOT
from tools.architecture import HEADER, arrows, imports, picture, reachable, table
from tools.docs import refreshed


def test_the_readme_shows_the_picture() -> None:
    assert picture() in (ROOT / "README.md").read_text()


def test_an_old_picture_is_replaced_and_nothing_else() -> None:
    old = "\n".join((*HEADER, "    app --> nothing", "```"))

    assert refreshed(f"# Title\n\n{old}\n\nMore.\n") == f"# Title\n\n{picture()}\n\nMore.\n"


def test_every_arrow_is_an_import_and_every_import_follows_from_arrows() -> None:
    drawn = arrows(imports())
    arrows_by_package = {
        package: frozenset(imported for start, imported in drawn if start == package)
        for package in imports()
    }

    for package, imported in imports().items():
        assert arrows_by_package[package] <= imported
        assert reachable(arrows_by_package, package) == reachable(imports(), package)


def test_an_import_that_others_imply_has_no_arrow() -> None:
    packages = {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset[str]()}

    assert arrows(packages) == [("a", "b"), ("b", "c")]


def test_packages_that_import_each_other_cannot_be_drawn() -> None:
    with pytest.raises(CycleError):
        arrows({"a": frozenset("b"), "b": frozenset("a")})


def test_the_table_has_a_line_per_room() -> None:
    assert [line.split()[0] for line in table()] == sorted(imports())
