"""`hooks` makes addresses, says what to enter at the platform, and shows and replays what came."""

import json
import re
from typing import get_args

import pytest

from gql.cli.hooks import _STATES, Role
from gql.ingest.sources import SOURCES
from gql.models.enums import DeliveryState, HookRole
from tests.cli.conftest import Cli
from tests.databases import Copy

KEY = "k" * 32
DEAD = "sms message-2: from is missing"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GQL_SECRETS_KEY", KEY)
    monkeypatch.setenv("GQL_PUBLIC_URL", "https://gateway.example.com")


async def test_an_endpoint_is_made_listed_without_its_secret_and_deleted(
    cli: Cli, fresh: Copy
) -> None:
    where = ("-o", "1", "--database", fresh.url)
    created = await cli("hooks", "create", "vapi", "--name", "Voice", *where)

    address = re.search(r"https://\S+/hooks/vapi/[a-z0-9]{28}", created.out)
    secret = re.search(r"whsec_\S+", created.out)
    assert address
    assert secret
    assert "the server URL of the organization" in created.out
    assert "refuses" not in created.out
    listed = json.loads((await cli("hooks", "list", "--json", *where)).out)
    assert listed[-1] == {
        "id": listed[-1]["id"],
        "source": "vapi",
        "name": "Voice",
        "role": "primary",
        "address": address[0],
        "has_secret": True,
        "region": None,
        **dict.fromkeys(("new", "waiting", "done", "unknown", "dead"), 0),
    }
    table = await cli("hooks", "list", *where)
    assert secret[0] not in table.out

    deleted = await cli("hooks", "delete", str(listed[-1]["id"]), *where)
    again = await cli("hooks", "delete", str(listed[-1]["id"]), *where)

    assert deleted.out.startswith("Deleted endpoint")
    assert (again.code, again.err.splitlines()[0]) == (
        1,
        f"The organization has no hook endpoint {listed[-1]['id']}.",
    )


async def test_a_platforms_own_secret_comes_from_a_variable(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("-o", "1", "--database", fresh.url)
    bare = await cli("hooks", "create", "twilio", *where)
    missing = await cli("hooks", "create", "retell", "--secret-env", "RETELL_KEY", *where)
    monkeypatch.setenv("RETELL_KEY", "key_1")
    with_secret = await cli("hooks", "create", "retell", "--secret-env", "RETELL_KEY", *where)

    number = re.search(r"hooks rotate (\d+)", bare.out)
    assert number
    assert "make it with --role primary" in bare.out
    assert (missing.code, missing.err.splitlines()[0]) == (1, "The variable RETELL_KEY is not set.")
    assert "key_1" not in with_secret.out
    rotated = await cli(
        "hooks", "rotate", number[1], "--secret-env", "RETELL_KEY", "--end-previous", *where
    )
    assert rotated.out == f"Endpoint {number[1]} (Twilio) has another secret.\n"
    unsaid = await cli("hooks", "rotate", number[1], *where)
    assert "Twilio makes the secret itself" in unsaid.err


async def test_deliveries_are_shown_and_replayed(cli: Cli, fresh: Copy) -> None:
    where = ("-o", "1", "--database", fresh.url)
    shown = json.loads((await cli("hooks", "show", "--state", "dead", "--json", *where)).out)

    assert [(each["event"], each["error"]) for each in shown] == [("sms", DEAD)]
    one = await cli("hooks", "show", str(shown[0]["id"]), *where)
    assert one.out.endswith('{"type": "sms", "id": "event-4"}\n')
    replayed = await cli("hooks", "replay", "--state", "dead", *where)
    assert replayed.out == "1 delivery is to be applied anew.\n"
    listed = json.loads((await cli("hooks", "list", "--json", *where)).out)
    assert (listed[0]["new"], listed[0]["done"], listed[0]["dead"]) == (1, 3, 0)
    nothing = await cli("hooks", "replay", *where)
    foreign = await cli("hooks", "show", str(shown[0]["id"]), "-o", "2", "--database", fresh.url)
    assert "No delivery to replay is named." in nothing.err
    assert f"The organization has no hook delivery {shown[0]['id']}." in foreign.err


async def test_an_endpoint_that_cannot_be_made_says_why(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("-o", "1", "--database", fresh.url)
    names = ", ".join(source.name for source in SOURCES)
    unknown = await cli("hooks", "create", "nobody", *where)
    monkeypatch.delenv("GQL_SECRETS_KEY")
    keyless = await cli("hooks", "create", "vapi", *where)
    unsigned = await cli("hooks", "create", "burki", *where)
    stranger = await cli("hooks", "create", "burki", "-o", "9", "--database", fresh.url)

    assert unknown.err.startswith(f"There is no source 'nobody': choose one of {names}.")
    assert "set GQL_SECRETS_KEY to what `openssl rand -hex 32` prints" in keyless.err
    assert (unsigned.code, stranger.code) == (0, 1)
    assert "There is no organization 9." in stranger.err


async def test_pull_says_what_it_lacks(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "x")
    where = ("-o", "1", "--since", "2026-09-01", "--database", fresh.url, "--api-key-env")
    unknown = await cli("hooks", "pull", "burki", *where, "KEY")
    keyless = await cli("hooks", "pull", "vapi", *where, "NO_KEY")
    nameless = await cli("hooks", "pull", "twilio", *where, "KEY")
    homeless = await cli("hooks", "pull", "vapi", *where, "KEY")

    assert unknown.err == (
        "The list of 'burki' cannot be read.\n"
        "It can be one of: vapi, retell, elevenlabs, twilio, telnyx.\n"
    )
    assert keyless.err.startswith("The variable NO_KEY is not set.")
    assert nameless.err.startswith("--account is missing.")
    assert "Make one first: jackfield hooks create vapi -o 1" in homeless.err


async def test_doctor_finds_secrets_that_cannot_be_read(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cli("hooks", "create", "vapi", "-o", "1", "--database", fresh.url)
    well = await cli("doctor", "--database", fresh.url)
    monkeypatch.setenv("GQL_SECRETS_KEY", f"{'n' * 32},{KEY}")
    replaced = await cli("doctor", "--database", fresh.url)
    monkeypatch.setenv("GQL_SECRETS_KEY", "n" * 32)
    lost = await cli("doctor", "--database", fresh.url)

    line = "\n  webhook endpoints          3\n"
    assert (line in well.out, line in replaced.out, line in lost.out) == (True, True, True)
    assert "Webhooks are answered" not in well.err + replaced.err
    assert lost.err.startswith(
        "Webhooks are answered with 503: The secret of this webhook endpoint was encrypted"
        " with another GQL_SECRETS_KEY."
    )


async def test_doctor_says_what_somebody_has_to_do(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("-o", "1", "--database", fresh.url)
    created = await cli("hooks", "create", "twilio", "--region", "gb", "--json", *where)
    endpoint = json.loads(created.out)
    rotate = f"jackfield hooks rotate {endpoint['id']} -o 1 --secret-env NAME"
    before = await cli("doctor", "--database", fresh.url)
    monkeypatch.setenv("NAME", "auth token")
    await cli(*rotate.split()[1:], "--database", fresh.url)
    monkeypatch.delenv("GQL_PUBLIC_URL")
    after = await cli("doctor", "--database", fresh.url)

    assert endpoint["region"] == "GB"
    assert f"twilio endpoint {endpoint['id']} refuses all: {rotate}\n" in before.out
    assert rotate not in after.out
    without_address = "GQL_PUBLIC_URL is not set: platforms cannot reach the addresses"
    assert (without_address in before.out, without_address in after.out) == (False, True)
    listed = json.loads((await cli("hooks", "list", "--json", *where)).out)
    dead = {each["id"]: each["dead"] for each in listed}
    assert any(dead.values())
    for key, number in dead.items():
        advice = f"endpoint {key} has {number} dead: jackfield hooks show -o 1 --endpoint {key}"
        assert (advice in after.out) == bool(number)


def test_the_words_of_options_are_those_that_are_stored() -> None:
    assert get_args(Role) == tuple(HookRole)
    assert tuple(DeliveryState) == _STATES


async def test_an_unknown_state_lists_those_there_are(cli: Cli) -> None:
    result = await cli("hooks", "replay", "-o", "1", "--state", "lost")

    assert result.code == 1
    assert result.err.startswith("--state is 'lost'.\nIt is one of: new, waiting, ")
