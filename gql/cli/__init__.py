"""The command line: `jackfield serve`, `migrate`, `demo`, `keys`, `users` and more."""

import sys

import typer

from gql import __version__
from gql.cli.assistants import assistants
from gql.cli.console import failure_from, print_failure
from gql.cli.costs import costs
from gql.cli.data import demo, migrate
from gql.cli.doctor import doctor
from gql.cli.explain import explain
from gql.cli.hooks import hooks
from gql.cli.imports import import_files
from gql.cli.keys import keys
from gql.cli.mirror import mirror
from gql.cli.organizations import organizations
from gql.cli.pull import hooks_pull
from gql.cli.rollup import fold, verify
from gql.cli.schema import schema
from gql.cli.serve import serve
from gql.cli.simulate import simulate
from gql.cli.tokens import token
from gql.cli.users import users
from gql.cli.webhooks import webhooks
from gql.distribution import require_own_package

app = typer.Typer(
    name="jackfield",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Jackfield: a GraphQL gateway for voice and SMS assistant data.\n\n"
    "Settings come from `GQL_` variables; `jackfield doctor` shows them. "
    "To look around, run `jackfield serve --local`.",
)

COMMANDS = (serve, migrate, demo, simulate, token, schema, explain, doctor, fold)
"""In the order that help lists them."""

for command in COMMANDS:
    app.command()(command)
app.command("import")(import_files)
app.add_typer(organizations, name="organizations")
app.add_typer(keys, name="keys")
hooks.command("pull")(hooks_pull)
app.add_typer(hooks, name="hooks")
app.add_typer(webhooks, name="webhooks")
app.add_typer(users, name="users")
app.add_typer(verify, name="verify")
app.add_typer(mirror, name="mirror")
app.add_typer(costs, name="costs")
app.add_typer(assistants, name="assistants")


@app.callback(invoke_without_command=True)
def version(
    *,
    show: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """Print the version when asked to."""
    if show:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; an expected failure says what to do next, without a traceback."""
    try:
        require_own_package()
        app()
    except Exception as error:
        failure = failure_from(error)
        if failure is None:
            raise
        print_failure(failure)
        sys.exit(1)
