"""Turns the bodies that graphs are made of into drafts, whatever is wrong with them."""

import uuid

from gql.domain.writes.drafts import EdgeDraft, GraphDraft, NodeDraft
from gql.rest.partial_body import PartialBody
from gql.rest.routes.graph_shapes import EdgeIn, GraphIn, NodeIn, StructureIn

Drafts = tuple[tuple[NodeDraft, ...], tuple[EdgeDraft, ...]]


def graph_draft(body: PartialBody[GraphIn]) -> GraphDraft:
    """The graph that a body asks for."""
    nodes, edges = structure_drafts(body)
    value = body.value
    return GraphDraft(
        # A name that nobody has: what is wrong with the one sent is told already.
        name=value.name if body.fits("name") else uuid.uuid4().hex,
        description=value.description,
        configuration=value.configuration or {},
        nodes=nodes,
        edges=edges,
    )


def structure_drafts(body: PartialBody[GraphIn] | PartialBody[StructureIn]) -> Drafts:
    """The nodes and edges that a body asks for."""
    nodes = tuple(_node(node) for node in body.value.nodes or ())
    if not isinstance(body.value.nodes, list) and not body.fits("nodes"):
        # Every edge would lead nowhere, and that is not what is wrong.
        return nodes, ()
    edges = enumerate(body.value.edges or ())
    return nodes, tuple(_edge(edge, body.fits("edges", at)) for at, edge in edges)


def _node(node: NodeIn) -> NodeDraft:
    position = node.position
    return NodeDraft(
        assistant_id=node.assistant_id,
        node_type=node.node_type,
        position={"x": position.x, "y": position.y} if position else None,
        configuration=node.configuration,
    )


def _edge(edge: EdgeIn, fits: bool) -> EdgeDraft:
    return EdgeDraft(
        from_index=edge.from_node_id,
        to_index=edge.to_node_id,
        # Of an edge whose form is wrong anyway, the condition is not asked for as well.
        condition_type=edge.condition_type if fits else edge.condition_type or "intent",
        intent_pattern=edge.intent_pattern,
        natural_language_trigger=edge.natural_language_trigger,
        mathematical_expression=edge.mathematical_expression,
        state_variable_condition=edge.state_variable_condition,
        condition_logic=edge.condition_logic,
        priority=edge.priority,
        is_active=edge.is_active,
        handoff_sentence=edge.handoff_sentence,
        description=edge.description,
    )
