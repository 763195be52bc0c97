"""Which ids there are to ask for, as the gateway itself lists them."""

import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Ask(Protocol):
    """Posts a document, and returns the answer's `data`."""

    def __call__(self, document: str, **variables: Any) -> Any:
        """Ask once; an answer with errors is a RuntimeError."""
        ...


_MOST = 20_000
_PAGE = 100


@dataclass(frozen=True)
class Population:
    """Ids of the organization, which requests vary over.

    Attributes:
        graphs: Those with nodes, when there are many; else all.
        assistants: With calls to list.
        calls: Voice calls.
        threads: How many SMS conversations there are.
    """

    graphs: Sequence[int]
    assistants: Sequence[int]
    calls: Sequence[int]
    threads: int


def population(ask: Ask) -> Population:
    """Read it from a running gateway."""
    graphs = _listed(ask, "graphs")
    assistants = _listed(ask, "assistants")
    counted = ask("{ smsConversations(first: 1) { totalCount } }")
    threads: int = counted["smsConversations"]["totalCount"]
    return Population(graphs, assistants, _listed(ask, "calls"), threads)


def asking(url: str, api_key: str) -> Ask:
    """A function that asks a server at `url`."""

    def ask(document: str, **variables: Any) -> Any:
        request = urllib.request.Request(  # noqa: S310 -- loopback
            f"{url}/graphql",
            json.dumps({"query": document, "variables": variables}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {api_key}"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 -- loopback
            answer = json.load(response)
        if "errors" in answer:
            raise RuntimeError(f"{document}: {answer['errors']}")
        return answer["data"]

    return ask


def _listed(ask: Ask, field: str) -> list[int]:
    """Up to 20,000 ids, evenly over the whole list."""
    total: int = ask(f"{{ {field}(first: 0) {{ totalCount }} }}")[field]["totalCount"]
    ids: list[int] = []
    for offset in range(0, total, max(_PAGE, total * _PAGE // _MOST)):
        page = ask(f"{{ {field}(first: {_PAGE}, offset: {offset}) {{ nodes {{ databaseId }} }} }}")
        ids += [node["databaseId"] for node in page[field]["nodes"]]
    return ids
