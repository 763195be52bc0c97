"""Recorded sessions walked through another structure, in the GraphQL schema."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.types import Info

from gql.domain.graph_replay import (
    Deviation,
    ReplayedSession,
    ReplayTotals,
)
from gql.domain.graphs import GRAPHS
from gql.domain.recorded_sessions import replay_sessions
from gql.engine.fields import NUMBER_POINTS, OWN_POINTS, NumberPoints
from gql.errors import BadInput
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.query.global_id import read_id
from gql.schema.enums import describe
from gql.schema.graph_candidates import Candidate, CandidateArgument, load_candidate
from gql.schema.graph_sessions import GraphSession
from gql.schema.inputs.graph_sessions import GraphSessionFilter
from gql.schema.list_arguments import is_int

MOST_SESSIONS = 10_000
"""Most sessions of one replay."""

USUAL_SESSIONS = 1_000
"""How many sessions are walked where nobody says."""

REPLAY_POINTS = 5_000
"""Of reading two structures, and the figures."""

SESSION_POINTS = 4
"""Of each session. It takes forty times as long: the most sessions cost what resolvers may."""

describe(
    Deviation,
    "How a recorded graph session would have gone otherwise.",
    ELSEWHERE="A message would have led to another assistant than it did.",
    STUCK="A message that led on would have led nowhere.",
    LOOP="It would have come back to a node, and came back to none.",
    LOST_HANDOFF="It came to an escalation, and would have come to none.",
)


@strawberry.type(description="A recorded session that would have gone otherwise.")
class SessionReplay:
    """Made of a `ReplayedSession`."""

    session: GraphSession = strawberry.field(description="The session as it was.")
    deviations: list[Deviation] = strawberry.field(description="How it would have gone otherwise.")
    recorded_path: list[str | None] = strawberry.field(
        description="The assistants that spoke, in order."
    )
    path: list[strawberry.ID] = strawberry.field(
        description="The nodes of the candidate where it would have been, in order: ids, or keys."
    )
    transition_index: int | None = strawberry.field(
        description="Which of its transitions would have been the first other one, from 0."
    )
    message: str | None = strawberry.field(description="What the customer had said then.")
    edge: strawberry.ID | None = strawberry.field(
        description="The candidate's edge that would have been taken then: its id, or its index."
    )


@strawberry.type(description="Recorded sessions walked through another structure.")
class GraphReplay:
    """Made of `ReplayTotals`."""

    sessions: int = strawberry.field(description="How many sessions were walked.")
    transitions: int = strawberry.field(description="How many transitions they have.")
    reproduced: int = strawberry.field(
        description="Transitions that would have led to the same assistant."
    )
    not_evaluated: int = strawberry.field(
        description="Transitions at which conditions decide that nobody has judged: natural"
        " language without a verdict, `turn_count`, keywords where no message is recorded."
    )
    led_nowhere: int = strawberry.field(
        description="Messages of customers that led to no transition: those of the sessions' calls,"
        " less the transitions with a message. They are counted, not walked."
    )
    unchanged: int = strawberry.field(description="Sessions that would have gone where they went.")
    undecided: int = strawberry.field(
        description="Sessions that do not deviate, as far as conditions were evaluated."
    )
    elsewhere: int = strawberry.field(description="Sessions that deviate by ELSEWHERE.")
    stuck: int = strawberry.field(description="Sessions that deviate by STUCK.")
    loops: int = strawberry.field(description="Sessions that deviate by LOOP.")
    lost_handoffs: int = strawberry.field(description="Sessions that deviate by LOST_HANDOFF.")
    examples: list[SessionReplay] = strawberry.field(
        description="The most telling sessions that would have gone otherwise, at most ten."
    )


@strawberry.input(description="Which recorded sessions are walked.")
class ReplaySessionsInput:
    filter: GraphSessionFilter | None = strawberry.field(
        default=UNSET, description="Which sessions; all conditions must hold."
    )
    last: int = strawberry.field(
        default=USUAL_SESSIONS,
        description=f"How many of the newest ones; at most {MOST_SESSIONS:,}.",
    )


GraphId = Annotated[
    strawberry.ID,
    strawberry.argument(description="Whose sessions: the global id, or the documented integer."),
]
Sessions = Annotated[
    ReplaySessionsInput | None, strawberry.argument(description="Which; the newest 1,000 without.")
]


async def _replay(
    info: Info, graph: GraphId, candidate: CandidateArgument, sessions: Sessions = UNSET
) -> GraphReplay | None:
    chosen = sessions or ReplaySessionsInput()
    if not 1 <= chosen.last <= MOST_SESSIONS:
        raise BadInput(f"`last` is {chosen.last}, but must be between 1 and {MOST_SESSIONS:,}.")
    conditions = chosen.filter.conditions() if chosen.filter else ()
    graph_id = read_id(str(graph), GRAPHS.name)
    stored = await RecordByKeyLoader.of(info.context, GRAPHS).load(graph_id)
    tried = await load_candidate(info.context, candidate)
    if stored is None or tried is None:
        return None
    totals = await replay_sessions(info.context, stored, tried.structure, conditions, chosen.last)
    return _answer(totals, tried)


def _session_count(sessions: Any) -> int:
    """How many sessions the argument asks for; 0 where it will be refused."""
    last = sessions.get("last", USUAL_SESSIONS) if isinstance(sessions, dict) else USUAL_SESSIONS
    return int(last) if is_int(last) and 1 <= last <= MOST_SESSIONS else 0


def _answer(totals: ReplayTotals, candidate: Candidate) -> GraphReplay:
    return GraphReplay(
        sessions=totals.sessions,
        transitions=totals.transitions,
        reproduced=totals.reproduced,
        not_evaluated=totals.not_evaluated,
        led_nowhere=totals.led_nowhere,
        unchanged=totals.unchanged,
        undecided=totals.undecided,
        elsewhere=totals.deviations[Deviation.ELSEWHERE],
        stuck=totals.deviations[Deviation.STUCK],
        loops=totals.deviations[Deviation.LOOP],
        lost_handoffs=totals.deviations[Deviation.LOST_HANDOFF],
        examples=[_example(each, candidate) for each in totals.examples],
    )


def _example(replayed: ReplayedSession, candidate: Candidate) -> SessionReplay:
    transitions = replayed.session.transitions
    start = [transitions[0].from_name] if transitions else []
    edge = replayed.step.edge if replayed.step else None
    return SessionReplay(
        session=replayed.session.record,
        deviations=sorted(replayed.deviations),
        recorded_path=[*start, *(each.to_name for each in transitions)],
        path=[strawberry.ID(candidate.node_names[node_id]) for node_id in replayed.path],
        transition_index=replayed.at,
        message=None if replayed.at is None else transitions[replayed.at].message,
        edge=edge and strawberry.ID(candidate.edge_names[edge.id]),
    )


replay_graph: Any = strawberry.field(
    resolver=_replay,
    description="Walk a graph's recorded sessions through another structure, before that is"
    " published; null when there is no such graph. Nothing is written.",
    metadata={
        OWN_POINTS: REPLAY_POINTS,
        NUMBER_POINTS: NumberPoints(SESSION_POINTS, "sessions", _session_count, MOST_SESSIONS),
    },
)
"""The root field."""
