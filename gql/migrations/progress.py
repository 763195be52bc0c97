"""The steps of a long revision, and how far it is."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from alembic import op

Progress = Callable[[str, int, int], None]
"""Called before each step: what it does, how many are done, and how many there will be."""

PROGRESS = "progress"
"""Where the configuration of Alembic has it."""


class RevisionStep(NamedTuple):
    """A part of a revision.

    Attributes:
        description: What somebody who waits for it sees.
        run: Does it, or nothing when it is done already.
    """

    description: str
    run: Callable[[], None]


def take(steps: Sequence[RevisionStep]) -> None:
    """Run the steps of the revision that is running, one after the other."""
    config = op.get_context().config
    progress: Progress | None = config.attributes.get(PROGRESS) if config else None
    for done, step in enumerate(steps):
        if progress:
            progress(step.description, done, len(steps))
        step.run()
    if progress:
        progress("", len(steps), len(steps))
