"""`python -m gql` is `jackfield`."""

from gql.cli import main

main()
