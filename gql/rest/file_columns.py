"""Declares the columns of a file, as a pydantic model."""

from collections.abc import Collection

from pydantic import BaseModel

from gql.engine.fields import ColumnSource
from gql.engine.print_lines import FileColumn
from gql.rest.reads import selection_of


def columns_of(
    model: type[BaseModel], keys: Collection[str] | None = None
) -> tuple[FileColumn, ...]:
    """The fields of a model, all or those in `keys`; the title of a field is its header.

    Raises:
        TypeError: when a field is not a column of the record.
    """
    columns = []
    for key, node in selection_of(model).items:
        if keys is not None and key not in keys:
            continue
        if not isinstance(node.source, ColumnSource) or node.source.kind is None:
            raise TypeError(f"{model.__name__}.{key} is not a column, so that no file can have it")
        header = model.model_fields[key].title or key
        columns.append(FileColumn(key, node.source.label, node.source.kind, header))
    return tuple(columns)
