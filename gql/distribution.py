"""Finds out whether another distribution has put its files into this package's folder."""

from importlib.metadata import PackageNotFoundError, version

OTHER = "gql"
"""A GraphQL client for Python, whose import package has the name of ours.

Installers write both into one folder, file over file, and say nothing.
https://github.com/graphql-python/gql
"""


class MixedPackagesError(RuntimeError):
    """The client is installed in this environment; the message says what to do."""


def require_own_package() -> None:
    """Pass when this package is whole.

    Raises:
        MixedPackagesError: when the other distribution is installed beside it.
    """
    try:
        installed = version(OTHER)
    except PackageNotFoundError:
        return
    raise MixedPackagesError(
        f"The Python package {OTHER} {installed}, a GraphQL client, is installed in this"
        " environment. Its folder has the same name as Jackfield's, so each overwrites files of"
        " the other. Give Jackfield an environment of its own: python3 -m venv jackfield-env"
    )
