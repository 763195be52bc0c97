"""The page about explain shows what the command prints."""

import asyncio

from tests.cli import explain_page
from tests.databases import Databases
from tests.live import ROOT

PAGE = (ROOT / "docs" / "explain.md").read_text()


async def test_the_page_shows_what_the_command_prints(databases: Databases) -> None:
    copy = await databases.copy("postgresql")
    printed = await asyncio.to_thread(explain_page.printed, copy.url)
    await databases.drop(copy.url)
    on_page = PAGE.partition("```text\n")[2].partition("\n```")[0]

    assert f"```graphql\n{explain_page.DOCUMENT}```" in PAGE
    assert f"```sh\n{explain_page.COMMAND}\n```" in PAGE
    assert explain_page.comparable(on_page) == explain_page.comparable(printed), (
        "python -m tests.cli.explain_page prints the new one"
    )
