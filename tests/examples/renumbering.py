"""Fresh rows have other ids and instants than the documents print: the same answer with theirs."""

from typing import Any


def as_documented(
    answer: dict[str, Any], *, nodes_from: int, edges_from: int, now: str
) -> dict[str, Any]:
    """A whole graph with documented ids in order, and with `now` for the moment of the write.

    Args:
        answer: What the gateway answered.
        nodes_from: The documented id of the first node.
        edges_from: The documented id of the first edge.
        now: The documented moment of the write.
    """
    written = answer["updated_at"]
    node_ids = {node["id"]: nodes_from + at for at, node in enumerate(answer["nodes"])}
    ids = {
        "graph_id": {answer["id"]: 1},
        "from_node_id": node_ids,
        "to_node_id": node_ids,
    }

    def renamed(row: dict[str, Any], number: int) -> dict[str, Any]:
        row = {key: ids[key][value] if key in ids else value for key, value in row.items()}
        return {**_dated(row, written, now), "id": number}

    return {
        **_dated(answer, written, now),
        "id": 1,
        "nodes": [renamed(node, node_ids[node["id"]]) for node in answer["nodes"]],
        "edges": [renamed(edge, edges_from + at) for at, edge in enumerate(answer["edges"])],
    }


def _dated(row: dict[str, Any], written: str, now: str) -> dict[str, Any]:
    return {
        key: now if key in {"created_at", "updated_at"} and value == written else value
        for key, value in row.items()
    }
