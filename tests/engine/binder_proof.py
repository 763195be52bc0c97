"""Holds the binders of plans beside the general one: variants, values and what is refused.

`python -m tests.engine.binder_proof 50000 SEED` binds so many sets of variables.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, get_variable_values, parse, validate
from graphql.execution.values import VariableValues

from gql.engine.bind import Binder
from gql.engine.coercion import Coercions
from gql.engine.collect_fields import Unsupported, steering_variables
from gql.engine.compiled_binder import CompiledBinder
from gql.engine.plan import Plan
from gql.engine.planner import plan_operation
from gql.identity import Identity, Method, Permission
from gql.schema.documents import choose_operation
from gql.schema.one_of import follow_one_of
from gql.schema.schema import schema
from tests.engine.differential import GRAPHQL
from tests.engine.random_documents import Writer
from tests.engine.random_variables import RandomVariables, without_each_field
from tests.engine.variable_documents import DOCUMENTS

CALLERS = (
    Identity(1, Method.API_KEY, frozenset({Permission.READ}), 7, 9),
    Identity(2, Method.API_KEY, frozenset(Permission), None, 3),
)
WRONG = (0.0, 0.0, 0.15, 0.5)
"""Shares of wrong values in a set of variables."""

SETS_OF_RANDOM_DOCUMENT = 8
SETS_WITHOUT_FIELDS = 8
"""Of each document: sets that are bound again without each of their fields, one at a time."""


@dataclass
class Proof:
    """What came out.

    Attributes:
        counts: Sets of variables: `alike` where both bound the same, `refused` by both, `general`
            where only the general binder took them.
        different: Documents and variables that a plan's binder bound otherwise, or alone.
    """

    counts: Counter[str] = field(default_factory=Counter)
    different: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {what}" for what, number in sorted(self.counts.items()))
        return f"{counts}, {len(self.different)} different"


def prove(number: int, seed: int, *, random_documents: float = 0.5) -> Proof:
    """Bind about so many sets of variables, that share of them of random documents.

    It ends with the document that is bound otherwise.
    """
    follow_one_of(GRAPHQL)
    pick = random.Random(seed)  # noqa: S311 -- not a secret
    variables, result = RandomVariables(pick), Proof()
    coercions = Coercions(GRAPHQL, schema.schema_converter)
    each = max(1, int(number * (1 - random_documents) / len(DOCUMENTS)))
    for document in DOCUMENTS:
        if result.different:
            break
        _prove_document(document, coercions, variables, pick, result, each)
    for _ in range(int(number * random_documents / SETS_OF_RANDOM_DOCUMENT)):
        text = Writer(GRAPHQL, pick, variables.values).document().text
        if not validate(GRAPHQL, parse(text)):
            _prove_document(text, coercions, variables, pick, result, SETS_OF_RANDOM_DOCUMENT)
    return result


def _prove_document(
    text: str,
    coercions: Coercions,
    variables: RandomVariables,
    pick: random.Random,
    result: Proof,
    number: int,
) -> None:
    operation = choose_operation(parse(text), None)
    sets = [variables.of(operation, wrong=pick.choice(WRONG)) for _ in range(number)]
    sets += [lacking for each in sets[:SETS_WITHOUT_FIELDS] for lacking in without_each_field(each)]
    by_plan: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    refused: list[dict[str, Any]] = []
    steering = sorted(steering_variables(parse(text)))
    for each in sets:
        coerced = _coerced(operation, each)
        if coerced is None:
            refused.append(each)
        else:
            flags = tuple(coerced.coerced.get(name) for name in steering)
            by_plan.setdefault(flags, []).append(each)
    for flags, of_plan in by_plan.items():
        try:
            values = dict(zip(steering, flags, strict=True))
            plan = plan_operation(GRAPHQL, parse(text), operation, values)
        except (Unsupported, GraphQLError):
            continue
        caller = pick.choice(CALLERS)
        _prove_plan(text, operation, plan, coercions, [*of_plan, *refused], caller, result)
        refused = []


def _prove_plan(
    text: str,
    operation: OperationDefinitionNode,
    plan: Plan,
    coercions: Coercions,
    sets: Sequence[dict[str, Any]],
    caller: Identity,
    result: Proof,
) -> None:
    general = Binder(schema.schema_converter)
    coerce = coercions.variables(operation)
    binder = CompiledBinder.of(coercions, plan.arguments)
    for variables in sets:
        before = json.dumps(variables)
        expected = bound = None
        try:
            coerced = _coerced(operation, variables)
            if coerced is not None:
                expected = general.bind(plan.arguments, coerced, caller, {})
        except Exception:  # noqa: BLE001 -- refused
            expected = None
        try:
            bound = binder.bind(coerce(variables), caller, {})
        except Exception:  # noqa: BLE001 -- refused, or left to the general binder
            bound = None
        if bound is None:
            result.counts["refused" if expected is None else "general"] += 1
        elif repr(bound) == repr(expected) and json.dumps(variables) == before:
            result.counts["alike"] += 1
        else:
            result.different.append((text, variables))


def _coerced(
    operation: OperationDefinitionNode, variables: dict[str, Any]
) -> VariableValues | None:
    """The variables as graphql-core coerces them; None when it refuses them."""
    coerced = get_variable_values(GRAPHQL, operation.variable_definitions or (), variables)
    return coerced if isinstance(coerced, VariableValues) else None


def lines(result: Proof, most: int) -> Iterator[str]:
    """The first of the differences, in words."""
    for text, variables in result.different[:most]:
        yield f"{text}\n{json.dumps(variables)}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.engine.binder_proof", description=__doc__
    )
    parser.add_argument("number", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=random.randrange(10**9))  # noqa: S311
    arguments = parser.parse_args()
    proof = prove(arguments.number, arguments.seed)
    print(f"seed {arguments.seed}: {proof}")  # noqa: T201
    for line in lines(proof, 5):
        print(line)  # noqa: T201
    sys.exit(bool(proof.different))
