"""`jackfield` in processes of its own, without importing all of it again for each.

To import what it is made of takes a server seconds of CPU. The fork server of `multiprocessing`
does so once for each process that runs tests, and each command begins as a copy of it:
https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods. That the command
line imports all that it needs by itself is proved where the installed one runs, in `tests/readme`.

It is not for `serve --workers 2`: uvicorn's workers would look in vain for the standard input of a
process that was executed.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from gql.cli import main

_FORK_SERVER = multiprocessing.get_context("forkserver")
_FORK_SERVER.set_forkserver_preload(["gql.app", "gql.cli.serve", "tests.forked_command"])


def start_command(
    words: Sequence[str],
    *,
    environment: Mapping[str, str],
    output: Path,
    cwd: Path | None = None,
    prepare: Callable[[], None] | None = None,
) -> ForkServerProcess:
    """Run `jackfield` with some words, all that it prints appended to a file.

    Args:
        words: Of its command line.
        environment: Of its process.
        output: The file.
        cwd: Its working directory.
        prepare: A function of a module, called in the process before the command runs.
    """
    arguments = (words, dict(environment), output, cwd, prepare)
    process = _FORK_SERVER.Process(target=_run, args=arguments)
    process.start()
    return process


def _run(
    words: Sequence[str],
    environment: Mapping[str, str],
    output: Path,
    cwd: Path | None,
    prepare: Callable[[], None] | None,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with output.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    if cwd is not None:
        os.chdir(cwd)
    if prepare is not None:
        prepare()
    sys.argv = ["jackfield", *words]
    main()
