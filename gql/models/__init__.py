"""The tables, one module per noun; importing this package loads them all."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sqlmodel import SQLModel

from gql.models.change_stamp import depend_on_stamps
from gql.models.keys import declare_keys

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

metadata = SQLModel.metadata
declare_keys(metadata)
depend_on_stamps()
_registry: Any = SQLModel._sa_registry  # noqa: SLF001 -- SQLModel has no other name for it

_MODEL_BY_NAME: dict[str, type[SQLModel]] = {
    str(mapper.local_table): mapper.class_
    for mapper in _registry.mappers
    if mapper.class_.__module__.startswith(__name__)
}

TABLES = tuple(_MODEL_BY_NAME[table.name] for table in metadata.sorted_tables)
"""The model of every table, parents before children: the order to fill them in.

In the opposite order they are emptied.
"""
