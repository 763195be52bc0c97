"""The shapes of one plan that are remembered: the last ones asked for, a bounded number."""

from gql.plan.binder import Shapes

MOST_SHAPES = 64
"""One document with many nullable variables in its filters has thousands of shapes."""


class Recent:
    """The shapes of a plan, the one that was asked for last at the end."""

    def __init__(self) -> None:
        self._shapes: dict[Shapes, Shapes] = {}

    def use(self, shapes: Shapes) -> Shapes | None:
        """Note that these were asked for; gives those that are too many now, to be forgotten."""
        known = self._shapes.pop(shapes, shapes)
        self._shapes[known] = known
        if len(self._shapes) <= MOST_SHAPES:
            return None
        oldest = next(iter(self._shapes))
        del self._shapes[oldest]
        return oldest

    def __len__(self) -> int:
        """How many there are."""
        return len(self._shapes)
