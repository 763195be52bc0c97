"""The page about webhooks that go out is true: its command, its body, its document, its program."""

import json
import re
import shlex
from typing import Any

import pytest

from gql.app import webhook_sender
from gql.settings import Settings
from gql.webhooks import outcomes, queue, writes
from tests.cli.conftest import Cli, cli
from tests.databases import Copy
from tests.live import ROOT
from tests.webhooks.conftest import Sending, receiver, sending
from tests.webhooks.receivers import Receiver

__all__ = ["cli", "receiver", "sending"]

PAGE = (ROOT / "docs" / "webhooks-out.md").read_text()


def block(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(text)


async def test_the_command_makes_a_subscription(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GQL_SECRETS_KEY", "0" * 64)
    monkeypatch.setenv("GQL_DATABASE_URL", fresh.url)
    result = await cli(*shlex.split(block("sh"))[1:])

    assert re.fullmatch(
        r"Webhook subscription \d+\nSecret   whsec_\S+   \(shown this once\)\n", result.out
    )


async def test_the_body_is_the_one_that_is_sent(sending: Sending, receiver: Receiver) -> None:
    number = await sending.subscribe(receiver.url)
    document = await sending.subscribe(receiver.url + "/document", document=block("graphql"))
    await sending.write(101)
    await sending.sender.drain()
    usual, own = sorted(receiver.received, key=lambda each: "callChanged" in each.json["data"])
    program: dict[str, Any] = {}
    exec(block("python"), program)  # noqa: S102 -- our own page
    verified = program["take"](sending.secrets[number], usual.headers, usual.body)
    shown = json.loads(block("json"))

    assert verified == usual.json
    assert _shape(usual.json) == _shape(shown)
    assert usual.json["data"]["events"]["changedId"] == "call_101"
    assert own.json["data"]["callChanged"]["call"]["callSid"]
    assert program["take"](sending.secrets[document], own.headers, own.body) == own.json


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"more than {webhook_sender.LONGEST_BODY:,} bytes" in PAGE
    assert f"`{webhook_sender.USUAL_DOCUMENT}`" in PAGE
    assert (
        f"At most {queue.AT_ONCE} deliveries of a subscription are under way at a time,"
        f" {webhook_sender.MOST_ATTEMPTS_PER_ORGANIZATION} of an organization and"
        f" {webhook_sender.MOST_ATTEMPTS} of a process."
    ) in PAGE
    assert f"An organization may have {writes.MOST_SUBSCRIPTIONS} subscriptions." in PAGE
    assert f"{outcomes.MOST_FAILURES} failures in a row" in PAGE
    ports = Settings.model_fields["webhook_ports"].default.replace(",", ", ")
    assert f"Other ports than {' and '.join(ports.rsplit(', ', 1))}." in PAGE


def _shape(value: Any) -> Any:
    """The keys of JSON, in their order, and the types of what is behind them."""
    if isinstance(value, dict):
        return [(key, _shape(inner)) for key, inner in value.items()]
    return type(value)
