"""The one way in which SQL depends on the database."""

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from gql.steps import pause_if_long

T = TypeVar("T")


class Construct(FunctionElement[T]):
    """A function of SQL expressions that each database writes its own way.

    A subclass is a row of the table: its docstring says what it yields, and each template how that
    is written, where `{0}` is the first argument. Templates are SQL of ours; nothing that a client
    sent becomes a part of one.

    Attributes:
        type: Of its value, by which SQLAlchemy reads results and chooses operators.
        needs_parentheses: Whether it is written in parentheses inside of another one's template,
            which may have any operator around an argument.
    """

    type: TypeEngine[Any] = Text()
    needs_parentheses: ClassVar[bool] = False
    postgresql: ClassVar[str]
    sqlite: ClassVar[str]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        # Its class and its arguments are all that there is to it, unless it says otherwise.
        cls.inherit_cache = vars(cls).get("inherit_cache", True)

    def template(self, dialect: str) -> str:
        """How a dialect writes it; a construct with any number of arguments puts it together."""
        template: str = getattr(self, dialect)
        return template

    def arguments(self, _dialect: str) -> Iterable[Any]:
        """What the numbers in the template stand for; the statement binds nothing else."""
        return self.clauses


@compiles(Construct)
def _write(construct: Construct[Any], compiler: Any, **keywords: Any) -> str:
    pause_if_long()
    dialect = compiler.dialect.name
    arguments = [
        f"({written})" if getattr(argument, "needs_parentheses", False) else written
        for argument in construct.arguments(dialect)
        for written in (compiler.process(argument, **keywords),)
    ]
    return construct.template(dialect).format(*arguments)
