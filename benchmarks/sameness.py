"""Proves that all servers answer alike before anybody is timed."""

import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.normal import difference, normal
from benchmarks.population import Population
from benchmarks.process import Running
from benchmarks.workloads import Dialect, Novelty, Workload


class Different(Exception):  # noqa: N818 -- a finding, not a fault of the program
    """Two servers answer the same request differently, so their speeds cannot be compared."""


def prove(
    servers: Sequence[Running],
    workloads: Sequence[Workload],
    population: Population,
    api_key: str,
    *,
    compared_requests: int,
    progress: Callable[[str], None] = lambda _: None,
) -> int:
    """Compare the answers of every server, value for value, with those of the first that answers.

    Args:
        servers: The one that is trusted comes first.
        workloads: Whose requests are sent.
        population: The ids that requests vary over.
        api_key: For servers that authenticate.
        compared_requests: How many of each workload.
        progress: Called with what is compared next.

    Returns:
        How many answers were compared.

    Raises:
        Different: with the first difference, naming the workload, the server and the place.
    """
    compared = 0
    for workload in workloads:
        expected: list[Any] = []
        for running in servers:
            dialect = running.server.dialect(workload)
            if dialect is None or not running.server.exact:
                continue
            progress(f"{workload.name} {running.server.name}")
            bodies = workload.requests(dialect, population, Novelty.VALUES)[:compared_requests]
            answers = list(_answers(running, workload, dialect, bodies, api_key))
            expected = expected or answers
            for number, (right, answer) in enumerate(zip(expected, answers, strict=True)):
                different_value = difference(right, answer)
                if different_value:
                    name = running.server.name
                    raise Different(f"{workload.name}, request {number}, {name}: {different_value}")
            compared += len(answers)
    return compared


def _answers(
    running: Running, workload: Workload, dialect: Dialect, bodies: Sequence[bytes], api_key: str
) -> Iterator[Any]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
    for body in bodies:
        if dialect == "rest":
            connection.request("GET", body.decode(), headers=headers)
        else:
            connection.request("POST", running.server.path, body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        if "errors" in answer:
            raise Different(f"{workload.name}, {running.server.name}: {answer['errors']}")
        yield normal(answer.get("data", answer))
    connection.close()
