"""Documents, and the points that each costs, worked out by hand from the weights."""

from typing import Any

from tests.engine.worked_example import DOCUMENT

SPREAD = """{ ...A ...B }
    fragment A on Query { calls(first: 7) { ...N } }
    fragment B on Query { calls(first: 7) { ...N nodes { cost { total } } } }
    fragment N on CallConnection { nodes { id } }"""

PAGED = "query ($n: Int) { calls(first: $n) { nodes { id } } }"

FILTERED = "query ($f: CallFilter) { calls(first: 1, filter: $f) { totalCount nodes { id } } }"

CALLS, UNDER_ASSISTANT, UNDER_GRAPH, MESSAGES, GRAPHS = 25_000, 2_000, 500, 50, 100
"""How long these lists are taken to be."""


def paged(size: int) -> int:
    """The points of `PAGED`: a list, and two for each object with one for its id."""
    return 10 + size * (2 + 1)


FIGURES: dict[str, tuple[str, dict[str, Any], int]] = {
    "one": ("{ call(id: 101) { cost { total } assistant { name } } }", {}, 2 + 2 + 2 + 2 + 1),
    "a page of twenty": ("{ calls { nodes { id } } }", {}, paged(20)),
    "first": ("{ calls(first: 7) { nodes { cost { total } } } }", {}, 10 + 7 * (2 + 2 + 2)),
    "last": ("{ calls(last: 7) { nodes { id } } }", {}, paged(7)),
    "edges": (
        "{ calls(first: 7) { edges { cursor node { id } } pageInfo { endCursor } } }",
        {},
        10 + 7 * (2 + 1 + 2 + 1) + 100 + 1,
    ),
    "both": ("{ calls(first: 7) { edges { node { id } } nodes { id } } }", {}, 10 + 7 * (5 + 3)),
    "null": ("{ calls(first: null, last: 3) { nodes { id } } }", {}, paged(3)),
    "variable": (PAGED, {"n": 3}, paged(3)),
    "variable that is null": (PAGED, {"n": None}, paged(20)),
    "variable left out": (PAGED, {}, paged(20)),
    "default": ("query ($n: Int = 5) { calls(first: $n) { nodes { id } } }", {}, paged(5)),
    "default replaced": (
        "query ($n: Int = 5) { calls(first: $n) { nodes { id } } }",
        {"n": 2},
        paged(2),
    ),
    "either": (
        "query ($a: Int, $b: Int) { calls(first: $a, last: $b) { nodes { id } } }",
        {"b": 9},
        paged(9),
    ),
    "pages in pages": (
        "query ($n: Int!) { assistants(first: 3) { nodes { calls(first: $n) { nodes { id } } } } }",
        {"n": 5},
        10 + 3 * (2 + paged(5)),
    ),
    "ids": ('{ nodes(ids: ["call_1", "call_2", "call_3"]) { id } }', {}, paged(3)),
    "ids by variable": (
        "query ($i: [ID!]!) { nodes(ids: $i) { id } }",
        {"i": ["call_1"] * 4},
        paged(4),
    ),
    "plain lists": (
        "{ graph(id: 1) { nodes { outgoing { id } } edges { id } } }",
        {},
        2 + 10 + 20 * (2 + 10 + 5 * 3) + 10 + 30 * 3,
    ),
    "numbers of records": ("{ graph(id: 1) { totalNodes } }", {}, 2 + 10),
    "bounded list": (
        "{ smsConversation(id: 1) { related { id } } }",
        {},
        2 + 10 + 50 * (2 + 1),
    ),
    "JSON": ("{ assistant(id: 1) { settings } }", {}, 2 + 3),
    "a step of a pointer each": (
        '{ graphSession(id: 1) { contextValue(path: "/a/b") } }',
        {},
        2 + 3 + 2,
    ),
    "a pointer by variable": (
        "query ($p: String!) { graphSession(id: 1) { contextValue(path: $p) } }",
        {"p": "/a/b/c"},
        2 + 3 + 3,
    ),
    "aliases": (
        "{ a: calls(first: 7) { nodes { id } } b: calls(first: 1) { nodes { id } } }",
        {},
        paged(7) + paged(1),
    ),
    "merged fields": (
        "{ calls(first: 7) { nodes { id } } calls(first: 7) { nodes { status } } }",
        {},
        paged(7) + 7,
    ),
    "fragments": (SPREAD, {}, paged(7) + 7 * (2 + 2)),
    "skipped": ("{ calls(first: 7) @skip(if: true) { nodes { id } } }", {}, paged(7)),
    "a total from the rollup": (
        "{ calls(first: 0, filter: {status: {eq: FAILED}}) { totalCount } }",
        {},
        10 + 100,
    ),
    "a total from the rollup, of days": (
        '{ calls(first: 0, filter: {startedAt: {gte: "2025-01-01T00:00:00Z"}}) { totalCount } }',
        {},
        10 + 100,
    ),
    "two totals": ("{ calls(first: 0) { a: totalCount b: totalCount } }", {}, 10 + 100 + 100),
    "a total by key": (
        '{ calls(first: 0, filter: {callSid: {in: ["CA1", "CA2"]}}) { totalCount } }',
        {},
        10 + 100 + 2 * 10,
    ),
    "a total of a range": (
        "{ calls(first: 0, filter: {duration: {gt: 60}}) { totalCount } }",
        {},
        10 + 100 + CALLS,
    ),
    "a total without a rollup": ("{ graphs(first: 0) { totalCount } }", {}, 10 + 100 + GRAPHS),
    "a total that compares each row": (
        '{ calls(first: 0, filter: {callSid: {contains: "zz"}}) { totalCount } }',
        {},
        10 + 100 + 2 * CALLS,
    ),
    "rows that are compared": (
        '{ calls(first: 7, filter: {meta: {key: "a", eq: "b"}}) { nodes { id } } }',
        {},
        paged(7) + 2 * CALLS,
    ),
    "rows by key, whatever else is compared": (
        (
            '{ calls(first: 7, filter: {callSid: {eq: "CA1"}, assistantName: {contains: "e"}}) {'
            " nodes { id } } }"
        ),
        {},
        paged(7) + 10,
    ),
    "totals under parents": (
        (
            "{ assistants(first: 3) { nodes { calls(first: 0, filter: {customerPhoneNumber:"
            ' {contains: "1"}}) { totalCount } } } }'
        ),
        {},
        10 + 3 * (2 + 10 + 100 + 2 * UNDER_ASSISTANT),
    ),
    "totals under parents that no rollup counts": (
        "{ graphs(first: 3) { nodes { calls(first: 0) { totalCount } } } }",
        {},
        10 + 3 * (2 + 10 + 100 + UNDER_GRAPH),
    ),
    "an order with an index": (
        "{ calls(first: 7, orderBy: {field: DURATION}) { nodes { id } } }",
        {},
        paged(7),
    ),
    "an order without an index": (
        (
            "{ assistants(first: 3) { nodes { calls(first: 7, orderBy: {field: DURATION}) {"
            " nodes { id } } } } }"
        ),
        {},
        10 + 3 * (2 + paged(7) + 2 * UNDER_ASSISTANT),
    ),
    "an order by variable": (
        (
            "query ($o: CallOrder) { graphs(first: 3) { nodes { calls(first: 7, orderBy: $o) {"
            " nodes { id } } } } }"
        ),
        {"o": {"field": "TOTAL_COST"}},
        10 + 3 * (2 + paged(7) + 2 * UNDER_GRAPH),
    ),
    "an offset": ("{ calls(first: 7, offset: 300) { nodes { id } } }", {}, paged(7) + 300),
    "an offset beyond the list": (
        "{ graphs(first: 7, offset: 300) { nodes { id } } }",
        {},
        paged(7) + GRAPHS,
    ),
    "a filter by variable": (
        FILTERED,
        {"f": {"assistantName": {"startsWith": "E"}}},
        10 + 100 + 2 * CALLS + 2 * CALLS + 3,
    ),
    "a filter by variable that is null": (FILTERED, {"f": None}, 10 + 100 + 3),
    "any of several values that indexes find": (
        FILTERED,
        {"f": {"any": [{"callSid": {"eq": "CA1"}}, {"customerPhoneNumber": {"eq": "+1"}}]}},
        10 + 100 + 3 + 2 * 2 * 10,
    ),
    "any of what is compared with each row": (
        FILTERED,
        {"f": {"any": [{"callSid": {"eq": "CA1"}}, {"direction": {"eq": "INBOUND"}}]}},
        10 + 100 + 3 + 2 * (2 * 2 * CALLS + 10),
    ),
    "none of a value, and another value": (
        FILTERED,
        {"f": {"status": {"ne": "FAILED"}, "none": {"duration": {"eq": 5}}}},
        10 + 100 + 3 + 2 * (2 * CALLS + 10),
    ),
    "a status that the rollup leaves out": (
        FILTERED,
        {"f": {"status": {"notIn": ["FAILED"]}}},
        10 + 100 + 3 + 2 * CALLS,
    ),
    "a filter by variable that is empty": (FILTERED, {"f": {}}, 10 + 100 + 3),
    "rows of a parent": (
        (
            "{ calls(first: 2) { nodes { messages(first: 1, filter: {role: {eq: USER}}) {"
            " totalCount nodes { id } } } } }"
        ),
        {},
        10 + 2 * (2 + 10 + 100 + 2 * MESSAGES + 2 * MESSAGES + 3),
    ),
    "the example of docs/engine.md": (DOCUMENT, {"status": "COMPLETED"}, 134),
    "the first example of docs/cost.md": (
        "{ assistants(first: 100) { nodes { calls(first: 1) { nodes { callSid } } } } }",
        {},
        1_510,
    ),
    "the second example of docs/cost.md": (
        (
            "{ assistants(first: 100) { nodes {"
            ' calls(first: 0, filter: {callSid: {contains: "zz"}}) { totalCount } } } }'
        ),
        {},
        411_210,
    ),
    "introspection": (
        "{ __schema { queryType { name } } calls(first: 1) { nodes { id } } }",
        {},
        12 * 3 + paged(1),
    ),
}
"""Documents with variables, and the points that they cost."""
