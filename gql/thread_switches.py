"""How soon the event loop lets another thread have the interpreter."""

import sys

SECONDS = 0.0005
"""The time that a thread waits before it asks the one that runs to stop; Python's is 5 ms.

A statement on SQLite changes threads several times, and each time the thread waits for the
interpreter's lock. While the event loop works for somebody else it never gives the lock away by
itself, so that a small read beside the new documents of another organization took fifteen times
these 5 ms. A thread that waits for the database has given the lock away already, so that nothing
else is switched more often.

https://docs.python.org/3/library/sys.html#sys.setswitchinterval
"""


def switch_threads_soon() -> None:
    """Set it for the process, and for good: another application in it may need it too."""
    sys.setswitchinterval(min(SECONDS, sys.getswitchinterval()))
