"""How many SQL statements the answers that frontends ask for cost, whatever the number of rows."""

from typing import Any

from tests.conftest import Counting, GraphQL

GRAPH = """
    id name isActive totalNodes totalEdges
    nodes { id nodeType position { x y } assistant { id name description } }
    edges { id conditionType priority from { id nodeType } to { id nodeType } }
    sessions(first: 10) { nodes { id callSid isActive currentNode { id assistant { id name } } } }
"""
STRUCTURE = GRAPH.replace("totalNodes totalEdges", "")


async def ask(graphql: GraphQL, statements: Counting, query: str) -> tuple[dict[str, Any], int]:
    with statements() as ran:
        answer = await graphql(query)
    assert "errors" not in answer, answer
    print(f"{ran.count} statements")  # noqa: T201, the figure is what this file is for
    return answer["data"], ran.count


async def test_one_graph_with_everything_costs_five(graphql: GraphQL, statements: Counting) -> None:
    """The graph, its nodes, edges and sessions, and the assistants; nodes are remembered."""
    data, count = await ask(graphql, statements, f'{{ graph(id: "graph_1") {{ {STRUCTURE} }} }}')

    assert len(data["graph"]["nodes"]) == 3
    assert count == 5


async def test_ten_graphs_cost_what_one_costs(graphql: GraphQL, statements: Counting) -> None:
    data, count = await ask(
        graphql, statements, f"{{ graphs(first: 50) {{ nodes {{ {STRUCTURE} }} }} }}"
    )

    assert len(data["graphs"]["nodes"]) >= 10
    assert count == 5


async def test_edges_before_nodes_cost_at_most_six(graphql: GraphQL, statements: Counting) -> None:
    """With `edges` selected before `nodes`, the nodes of the edges are one more statement."""
    query = """{ graphs(first: 50) { nodes {
        edges { from { id nodeType } to { id } } nodes { id } } } }"""

    _, count = await ask(graphql, statements, query)

    assert count <= 6


async def test_a_page_of_calls_with_cost_assistant_and_total_costs_three(
    graphql: GraphQL, statements: Counting
) -> None:
    query = """{ calls(first: 100) { totalCount nodes { id callSid status duration startedAt
        cost { total llm tts stt telephony currency } assistantName assistant { id name } } } }"""

    data, count = await ask(graphql, statements, query)

    assert len(data["calls"]["nodes"]) == 100
    assert data["calls"]["totalCount"] >= 200
    assert count == 3


async def test_an_inbox_with_the_last_messages_costs_two(
    graphql: GraphQL, statements: Counting
) -> None:
    query = """{ smsConversations(first: 50) { nodes { id status customerPhoneNumber messageCount
        lastActivity messages(last: 20) { nodes { id role content timestamp } } } } }"""

    data, count = await ask(graphql, statements, query)

    assert len(data["smsConversations"]["nodes"]) > 20
    assert count == 2


async def test_unselected_totals_and_page_info_cost_nothing(
    graphql: GraphQL, statements: Counting
) -> None:
    _, count = await ask(graphql, statements, "{ calls(first: 1) { nodes { id } } }")

    assert count == 1


async def test_only_a_total_reads_no_rows(graphql: GraphQL, statements: Counting) -> None:
    _, count = await ask(graphql, statements, "{ calls { totalCount } }")

    assert count == 1


async def test_no_statement_for_what_needs_none(graphql: GraphQL, statements: Counting) -> None:
    _, count = await ask(graphql, statements, "{ __typename viewer { method permissions } }")

    assert count == 0


async def test_a_hundred_of_each_relation_cost_one_statement_each(
    graphql: GraphQL, statements: Counting
) -> None:
    """Every relation of a call on a full page: sessions, graphs, messages, transcripts."""
    query = """{ calls(first: 100) { nodes {
        assistant { id name } graph { id name } session { id }
        messages(first: 3) { totalCount nodes { id } } transcript(first: 3) { nodes { id } }
    } } }"""

    _, count = await ask(graphql, statements, query)

    assert count == 7
