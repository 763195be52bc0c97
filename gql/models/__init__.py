"""The tables, one module per noun; importing this package loads them all."""

from importlib import import_module
from pkgutil import iter_modules

from sqlmodel import SQLModel

from gql.models.keys import declare_keys

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

metadata = SQLModel.metadata
declare_keys(metadata)

_MODEL_BY_NAME: dict[str, type[SQLModel]] = {
    str(model.__tablename__): model
    for model in SQLModel.__subclasses__()
    if model.__module__.startswith(__name__)
}

TABLES = tuple(_MODEL_BY_NAME[table.name] for table in metadata.sorted_tables)
"""The model of every table, parents before children: the order to fill them in.

In the opposite order they are emptied.
"""
