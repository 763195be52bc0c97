"""The shapes of one plan that are remembered: the last ones asked for, a bounded number."""

from gql.engine.bind import VariantKey

MOST_VARIANTS = 64
"""One document with many nullable variables in its filters has thousands of shapes."""


class RecentVariants:
    """The shapes of a plan, the one that was asked for last at the end."""

    def __init__(self) -> None:
        self._shapes: dict[VariantKey, VariantKey] = {}

    def use(self, shapes: VariantKey) -> VariantKey | None:
        """Note that these were asked for; gives those that are too many now, to be forgotten."""
        known = self._shapes.pop(shapes, shapes)
        self._shapes[known] = known
        if len(self._shapes) <= MOST_VARIANTS:
            return None
        oldest = next(iter(self._shapes))
        del self._shapes[oldest]
        return oldest

    def __len__(self) -> int:
        """How many there are."""
        return len(self._shapes)
