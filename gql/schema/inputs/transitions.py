"""How lists of transitions are sorted."""

from gql.domain.graph_sessions import TRANSITIONS
from gql.schema.inputs.ordering import order_of

TransitionOrder = order_of(
    "GraphTransition", TRANSITIONS, id="By id: the order in which they happened."
)
