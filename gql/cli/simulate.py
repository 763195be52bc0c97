"""`jackfield simulate`: made-up calls that a running gateway receives while they happen."""

import asyncio
import heapq
import itertools
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from gql.cli.console import STDERR, Failure

if TYPE_CHECKING:
    from gql.demo.conversations import Conversation, WalkedGraph

KEY_VARIABLE = "JACKFIELD_KEY"
INGEST = "/api/v1/ingest"
_SEND_TIMEOUT = 30
_LONGEST_PAUSE = 30.0
_LEAST_PAUSE = 0.2
_STOPPING = (signal.SIGINT, signal.SIGTERM)
_ATTEMPTS_TO_HANG_UP = 3
_MOST_ITEMS = 500
"""In one request."""

_GRAPHS = """
{
  graphs(first: 10) {
    nodes {
      name
      isActive
      nodes {
        key
        fullDatabaseId
        nodeType
        assistant { name }
        outgoing {
          isActive
          conditionType
          intentPattern
          naturalLanguageTrigger
          to { fullDatabaseId }
        }
      }
    }
  }
}
"""


def simulate(
    *,
    calls_per_minute: Annotated[
        int, typer.Option(min=1, max=6_000, help="Calls and exchanges of text messages.")
    ] = 30,
    conversations: Annotated[
        int | None,
        typer.Option(min=1, help="End after so many of them; else go on until Ctrl-C."),
    ] = None,
    url: Annotated[str, typer.Option(help="Of the gateway.")] = "http://127.0.0.1:8000",
    api_key_env: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The variable with the API key; else that of the first organization of the demo "
            "data that `serve --local` made here.",
        ),
    ] = KEY_VARIABLE,
    seed: Annotated[
        int | None,
        typer.Option(help="The same seed gives the same conversations; else they are new."),
    ] = None,
) -> None:
    """Send made-up calls to a running gateway, each step as it happens.

    They ring, are answered, walk through a graph, are transcribed, end and get their bill, through
    the same `POST /api/v1/ingest` as real ones. Ctrl-C hangs up the calls that go on, and ends.
    """
    key, address = _api_key(api_key_env), url.rstrip("/")
    gateway = Gateway(address + INGEST, key)
    chosen_seed = time.time_ns() if seed is None else seed
    graphs = walked_graphs(address, key)
    simulation = Simulation(gateway, chosen_seed, calls_per_minute, conversations, graphs)
    if not graphs:
        STDERR.print(
            "The key reads no graph with edges: sessions walk through graphs that are made up.",
            markup=False,
        )
    STDERR.print(
        f"Sending {calls_per_minute} conversations a minute to {url}; Ctrl-C ends.",
        highlight=False,
        markup=False,
    )
    with STDERR.status("Nothing was sent yet.") as status:  # nothing but on a terminal
        gateway.on_answer = lambda: status.update(escape(simulation.summary()))
        asyncio.run(_until_interrupted(simulation))
    STDERR.print(simulation.summary(), highlight=False, markup=False)


async def _until_interrupted(simulation: "Simulation") -> None:
    """Run a simulation; when it is told to stop, hang up what goes on."""
    task = asyncio.ensure_future(simulation.run())
    loop = asyncio.get_running_loop()
    if threading.current_thread() is threading.main_thread():  # no other may handle signals
        for signal_number in _STOPPING:
            loop.add_signal_handler(signal_number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        for signal_number in _STOPPING:  # the next one ends it at once
            loop.remove_signal_handler(signal_number)
        await simulation.hang_up()


def _api_key(variable: str) -> str:
    """The key in a variable, or of the demo data.

    Raises:
        Failure: when there is neither.
    """
    from gql.cli.local import KEYS_FILE

    key = os.environ.get(variable)
    if key:
        return key
    try:
        (first, *_) = json.loads(KEYS_FILE.read_text())
        return str(first["api_key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure(
            f"There is no API key in {variable}.",
            f"export {variable}=$(jackfield keys create simulator -o 1 --permission ingest)",
        ) from error


def walked_graphs(url: str, key: str) -> "list[WalkedGraph]":
    """The active graphs of the gateway that calls can walk; none where the key may not read them.

    Args:
        url: Of the gateway.
        key: Which may lack the permission to read, as `ingest` needs no other.
    """
    request = urllib.request.Request(  # noqa: S310 -- the user's own address
        f"{url}/graphql",
        json.dumps({"query": _GRAPHS}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_SEND_TIMEOUT) as response:  # noqa: S310
            data = json.load(response).get("data")
    except OSError:  # the same fault is told when items are sent
        return []
    rows = data["graphs"]["nodes"] if data else []
    graphs = (_walked_graph(row) for row in rows if row["isActive"])
    return [graph for graph in graphs if graph is not None]


def _walked_graph(row: dict[str, Any]) -> "WalkedGraph | None":
    """A graph as calls walk it; None where nothing leaves its entry."""
    from gql.demo.conversations import Move, Stop, WalkedGraph

    stops = {
        node["fullDatabaseId"]: Stop(
            node["key"] or str(node["fullDatabaseId"]), node["assistant"]["name"]
        )
        for node in row["nodes"]
    }
    moves = {
        stops[node["fullDatabaseId"]].key: [
            Move(
                stops[edge["to"]["fullDatabaseId"]],
                edge["conditionType"].lower(),
                edge["intentPattern"] or edge["naturalLanguageTrigger"],
            )
            for edge in node["outgoing"]
            if edge["isActive"]
        ]
        for node in row["nodes"]
    }
    entries = [
        stops[each["fullDatabaseId"]] for each in row["nodes"] if each["nodeType"] == "ENTRY"
    ]
    if not entries or not moves[entries[0].key]:
        return None
    return WalkedGraph(row["name"], entries[0], moves)


@dataclass
class Gateway:
    """Takes items over HTTP, and counts what became of them.

    Attributes:
        url: Where items are posted.
        outcomes: How many items had which outcome.
        on_answer: Called after each answer.
    """

    url: str
    _api_key: str
    outcomes: Counter[str] = field(default_factory=Counter)
    on_answer: Callable[[], object] = lambda: None

    async def send(self, items: Sequence[dict[str, Any]], *, attempts: int | None = None) -> None:
        """Send items, again and again until the gateway takes them.

        Args:
            items: At least one.
            attempts: How often it is tried; None for any number.

        Raises:
            Failure: when the gateway refuses the request, or does not take it in so many attempts.
        """
        body = b"".join(json.dumps(item).encode() + b"\n" for item in items)
        for attempt in itertools.count(1):
            try:
                answer = await asyncio.to_thread(self._post, body)
            except OSError as error:
                if not _may_pass(error) or attempt == attempts:
                    raise _refusal(error, self.url) from error
                if attempt == 1:
                    STDERR.print(f"{_problem(error, self.url)} Trying again ...", markup=False)
                await asyncio.sleep(min(2.0**attempt, _LONGEST_PAUSE))
            else:
                *outcomes, last = map(json.loads, answer.splitlines())
                self.outcomes.update(outcome["status"] for outcome in outcomes)
                self.on_answer()
                if last["summary"]["complete"]:
                    return

    def _post(self, body: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310 -- the user's own address
            self.url,
            body,
            {
                "Content-Type": "application/x-ndjson",
                "Authorization": f"Bearer {self._api_key}",
            },
        )
        with urllib.request.urlopen(request, timeout=_SEND_TIMEOUT) as response:  # noqa: S310
            return bytes(response.read())


def _may_pass(error: OSError) -> bool:
    """Whether the same request may be taken later."""
    if not isinstance(error, urllib.error.HTTPError):
        return True
    return error.code in {408, 429} or error.code >= 500  # noqa: PLR2004 -- HTTP's own numbers


def _problem(error: OSError, url: str) -> str:
    """What went wrong, in a sentence."""
    if isinstance(error, urllib.error.HTTPError):
        with error:
            answer = error.read(500).decode(errors="replace")
        return f"The gateway answers {error.code}: {answer}"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return f"Nobody answers at {url} ({reason})."


def _refusal(error: OSError, url: str) -> Failure:
    if isinstance(error, urllib.error.HTTPError):
        advice = "Has the key the permission `ingest`, and is the address that of a Jackfield?"
    else:
        advice = "Is a gateway running there? `jackfield serve` runs one, --url names another."
    return Failure(_problem(error, url), advice)


@dataclass(frozen=True)
class Clock:
    """What time it is, and how to wait for so many seconds."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]


CLOCK = Clock(partial(datetime.now, UTC), asyncio.sleep)


@dataclass(order=True)
class _Due:
    """Something that is to be sent."""

    at: datetime
    number: int
    began: datetime = field(compare=False)
    conversation: "Conversation" = field(compare=False)
    item: dict[str, Any] = field(compare=False)


@dataclass
class Simulation:
    """Begins conversations at a steady rate, and sends each step when it is due.

    When the gateway takes nothing for a while, no new ones begin.

    Attributes:
        gateway: Takes them.
        seed: Of all chance.
        per_minute: How many begin in a minute.
        most: After how many it ends; None for never.
        graphs: That calls walk through.
        begun: How many have begun.
    """

    gateway: Gateway
    seed: int
    per_minute: int
    most: int | None
    graphs: "Sequence[WalkedGraph]" = ()
    begun: int = 0
    _due: list[_Due] = field(default_factory=list)
    _sending: list[_Due] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def summary(self) -> str:
        """What was sent so far, and what became of it."""
        counts = sorted(self.gateway.outcomes.items())
        outcomes = ", ".join(f"{count:,} {word}" for word, count in counts)
        return f"{self.begun:,} conversations; of their items {outcomes or 'none'}."

    async def run(self, clock: Clock = CLOCK) -> None:
        """Go on until all conversations have ended."""
        from gql.demo.conversations import conversations

        coming = itertools.islice(conversations(self.seed, self.graphs), self.most)
        interval = timedelta(minutes=1) / self.per_minute
        conversation, begins = next(coming, None), clock.now()
        while conversation is not None or self._due or self._sending:
            now = clock.now()
            if conversation is not None and begins <= now:
                self._begin(conversation, now)
                conversation, begins = next(coming, None), max(begins + interval, now)
                continue
            await self._send(now)
            following = [begins] if conversation is not None else []
            following += [due.at for due in self._due[:1]]
            if following:
                await clock.sleep(max((min(following) - now).total_seconds(), _LEAST_PAUSE))

    async def hang_up(self, clock: Clock = CLOCK) -> None:
        """End the calls that go on, so that none of them stays for ever."""
        now = clock.now()
        live = {due.conversation.key: due for due in (*self._due, *self._sending)}
        items = [due.item for due in self._sending]
        for due in live.values():
            if due.began <= now:
                after = (now - due.began).total_seconds()
                ends = due.conversation.hung_up(after)
                items += [happening.item(due.began) for happening in ends]
        self._due, self._sending = [], []
        if items:
            await self.gateway.send(items, attempts=_ATTEMPTS_TO_HANG_UP)

    def _begin(self, conversation: "Conversation", now: datetime) -> None:
        self.begun += 1
        for happening in conversation.happenings:
            at = now + timedelta(seconds=happening.after)
            number = next(self._numbers)
            heapq.heappush(self._due, _Due(at, number, now, conversation, happening.item(now)))

    async def _send(self, now: datetime) -> None:
        """Send what is due, in requests of a bounded size."""
        while self._due and self._due[0].at <= now:
            while self._due and self._due[0].at <= now and len(self._sending) < _MOST_ITEMS:
                self._sending.append(heapq.heappop(self._due))
            await self.gateway.send([due.item for due in self._sending])
            self._sending = []
