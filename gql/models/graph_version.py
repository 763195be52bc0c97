"""Former structures of assistant graphs."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from gql.models.types import (
    long_json,
    loose_reference,
    now,
    organization_key,
    primary_key,
    reference,
)

LONGEST_STRUCTURE = 2**25
"""Characters of a structure: 500 nodes and 2,000 edges, most of whose texts are short."""

NODE_COLUMNS = ("id", "key", "node_type", "assistant_id", "position", "configuration")
"""What a structure has of a node, beside the name of its assistant."""

EDGE_COLUMNS = (
    "id",
    "from_node_id",
    "to_node_id",
    "condition_type",
    "intent_pattern",
    "natural_language_trigger",
    "mathematical_expression",
    "state_variable_condition",
    "condition_logic",
    "priority",
    "is_active",
    "handoff_sentence",
    "description",
)
"""What a structure has of an edge."""


class GraphVersion(SQLModel, table=True):
    """The structure that a graph had before a change; never written again.

    Attributes:
        version: The graph's `version` while it had this structure.
        structure: `{"nodes": [...], "edges": [...]}`: see `gql/domain/graph_versions.py`.
        replaced_at: When the structure was changed; from then on the next version counted.
        user_id: Who changed it; `api_key_id` likewise.
    """

    __tablename__ = "graph_version"
    __table_args__ = (
        UniqueConstraint("organization_id", "graph_id", "version", name="uq_graph_version"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    graph_id: int = reference("assistant_graph")
    version: int
    structure: dict[str, Any] = long_json(longest=LONGEST_STRUCTURE)
    replaced_at: datetime = Field(default_factory=now)
    user_id: int | None = loose_reference()
    api_key_id: int | None = loose_reference()
