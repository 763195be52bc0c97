"""Assistants, graphs and flows, from the shapes of the documented REST API to what is written."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gql.domain.writes.drafts import EdgeDraft, NodeDraft
from gql.ingest.phone_numbers import with_country_code
from gql.mirror.call_shapes import plain
from gql.mirror.lists import Row
from gql.models.enums import ConditionLogic, ConditionType, NodeType

_ASSISTANT_COLUMNS = (
    "name",
    "description",
    "phone_number",
    "llm_provider",
    "llm_model",
    "is_active",
)
_NEVER_NULL = frozenset({"name", "llm_provider", "llm_model", "is_active"})
_ONLY_READ = frozenset(
    {
        *("id", "organization_id", "user_id", "created_at", "updated_at", "settings"),
        *("total_calls", "avg_call_duration", "success_rate"),
    }
)
_SECRET = re.compile(r"token|secret|password|credential|api_?key|_sid$|auth", re.IGNORECASE)
"""Names of settings that are not copied: whoever may read this organization would read them."""

_GAP = 240
"""How far apart the nodes of a flow are drawn, which has no positions."""

AssistantIds = Mapping[str, int]
"""Our id of an assistant by the source's."""


@dataclass(frozen=True)
class GraphDrafts:
    """A graph as its source has it.

    Attributes:
        columns: Of the graph itself.
        nodes: In the order that edges count them in.
        edges: All have a type of condition.
        remarks: What has no place here, in sentences.
    """

    columns: Mapping[str, Any]
    nodes: list[NodeDraft]
    edges: list[EdgeDraft]
    remarks: tuple[str, ...] = ()


def assistant_columns(row: Row, region: str | None) -> dict[str, Any]:
    """The columns of an assistant; settings that an answer has beside them go into `settings`.

    Args:
        row: The answer.
        region: The country of a phone number without its code.
    """
    columns = {
        name: row[name]
        for name in _ASSISTANT_COLUMNS
        if name in row and not (row[name] is None and name in _NEVER_NULL)
    }
    beside = {
        name: value
        for name, value in row.items()
        if name not in _ONLY_READ and name not in _ASSISTANT_COLUMNS and value is not None
    }
    if columns.get("phone_number"):
        columns["phone_number"] = with_country_code(columns["phone_number"], region)
    settings = without_secrets({**(row.get("settings") or {}), **beside})
    return {**columns, "settings": plain(settings)}


def without_secrets(value: Any) -> Any:
    """JSON without the members whose names say that they are secret."""
    if isinstance(value, dict):
        return {
            name: without_secrets(each) for name, each in value.items() if not _SECRET.search(name)
        }
    return [without_secrets(each) for each in value] if isinstance(value, list) else value


def graph_drafts(row: Row, assistants: AssistantIds) -> GraphDrafts:
    """A graph of the documents, read whole.

    Raises:
        KeyError: when it names an assistant that was not copied, or a node that it has not.
    """
    nodes = [
        NodeDraft(
            assistants[str(node["assistant_id"])],
            node_type=node.get("node_type") or NodeType.STANDARD,
            position=plain(node.get("position")),
            configuration=plain(node.get("configuration") or {}),
            key=str(node["id"]),
        )
        for node in row["nodes"]
    ]
    indexes = {node.key: index for index, node in enumerate(nodes)}
    edges = [
        EdgeDraft(
            indexes[str(edge["from_node_id"])],
            indexes[str(edge["to_node_id"])],
            condition_type=edge.get("condition_type") or ConditionType.NATURAL_LANGUAGE,
            intent_pattern=edge.get("intent_pattern"),
            natural_language_trigger=edge.get("natural_language_trigger"),
            mathematical_expression=edge.get("mathematical_expression"),
            state_variable_condition=plain(edge.get("state_variable_condition")),
            condition_logic=edge.get("condition_logic") or ConditionLogic.AND,
            priority=edge.get("priority") or 0,
            is_active=edge.get("is_active") is not False,
            handoff_sentence=edge.get("handoff_sentence"),
            description=edge.get("description"),
        )
        for edge in row["edges"]
    ]
    columns = {
        "name": row["name"],
        "description": row.get("description"),
        "is_active": row.get("is_active") is not False,
        "configuration": plain(row.get("configuration") or {}),
    }
    return GraphDrafts(columns, nodes, edges)


def flow_drafts(row: Row, assistants: AssistantIds) -> GraphDrafts:
    """A flow as a graph: all its nodes have one assistant, and are known by name.

    A kind of transition that the documents do not describe stays as an edge, with all that there is
    of it as JSON in its description.

    Raises:
        KeyError: when its assistant was not copied, or a transition leads to no node.
    """
    graph: Row = row.get("graph") or {}
    named: Mapping[str, Row] = graph.get("nodes") or {}
    assistant_id = assistants[str(row["base_assistant_id"])] if named else None
    indexes = {key: index for index, key in enumerate(named)}
    nodes = [
        NodeDraft(
            assistant_id,
            node_type=NodeType.ENTRY if key == graph.get("begin_node") else NodeType.STANDARD,
            position={"x": indexes[key] * _GAP, "y": 0},
            configuration=plain(
                {name: each for name, each in node.items() if name != "transitions"}
            ),
            key=key,
        )
        for key, node in named.items()
    ]
    edges, remarks = [], []
    for key, node in named.items():
        for priority, transition in enumerate(node.get("transitions") or ()):
            is_documented = transition.get("kind") == "prompt"
            edges.append(
                EdgeDraft(
                    indexes[key],
                    indexes[transition["to"]],
                    condition_type=ConditionType.NATURAL_LANGUAGE,
                    natural_language_trigger=transition.get("when"),
                    priority=priority,
                    description=None if is_documented else json.dumps(plain(transition)),
                )
            )
            if not is_documented:
                remarks.append(
                    f"flow {row['id']}, node {key}: a transition of the kind"
                    f" {transition.get('kind')!r} is kept as JSON in its edge's description."
                )
    columns = {
        "name": row["name"],
        "is_active": row.get("is_active") is not False,
        "configuration": plain(dict(_beside(graph, "nodes"))),
    }
    return GraphDrafts(columns, nodes, edges, tuple(remarks))


def _beside(row: Row, member: str) -> Iterator[tuple[str, Any]]:
    """The members of an object but one, and those that are null."""
    for name, value in row.items():
        if name != member and value is not None:
            yield name, value
