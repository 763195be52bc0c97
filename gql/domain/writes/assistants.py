"""Assistants: made, changed and deleted."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from gql.domain.writes.audit import audit, logged
from gql.domain.writes.rows import lock
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import Check, Errors, Path, check_fields
from gql.errors import InUse
from gql.models.assistant import Assistant
from gql.models.call import Call
from gql.models.enums import Channel
from gql.models.graph import AssistantGraph, GraphNode
from gql.models.scope import owned, same_owner, table_of
from gql.models.types import now
from gql.query.context import Context

MAX_NAMED = 10
"""Most graphs that a refused deletion names."""

_LONGEST_NUMBER = 50

_ASSISTANTS = table_of(Assistant)
_GRAPHS = table_of(AssistantGraph)
_NODES = table_of(GraphNode)
_CALLS = table_of(Call)


def _phone_number(problems: Errors, path: Path, value: Any) -> None:
    if value is not None:
        problems.text(path, value, longest=_LONGEST_NUMBER)


_FIELDS: Mapping[str, Check] = {
    "name": Errors.name,
    "description": Errors.optional_text,
    "phone_number": _phone_number,
    "llm_provider": Errors.name,
    "llm_model": Errors.name,
    "settings": Errors.json_object,
    "is_active": Errors.flag,
}


async def create_assistant(context: Context, values: Mapping[str, Any]) -> int:
    """The id of a new assistant.

    Args:
        context: Who asks; the assistant is noted as theirs.
        values: `name`, and any of `description`, `phone_number`, `llm_provider`, `llm_model`,
            `settings` and `is_active`.

    Raises:
        Invalid: when a value cannot be used; nothing is written.
    """
    async with transaction(context) as write:
        problems = Errors()
        if "name" not in values:
            problems.add(("name",), "is required", "REQUIRED")
        check_fields(problems, _FIELDS, values)
        problems.refuse()
        instant = now()
        defaults = Assistant(organization_id=write.organization_id, name="")
        row = {
            **defaults.model_dump(include=set(_FIELDS)),
            **values,
            "organization_id": write.organization_id,
            "user_id": write.identity.user_id,
            "created_at": instant,
            "updated_at": instant,
        }
        statement = insert(_ASSISTANTS).values(row).returning(_ASSISTANTS.c.id)
        assistant_id: int = (await write.run(statement)).scalar_one()
        await audit(write, "assistant.create", assistant_id, after=logged(values))
        return assistant_id


async def update_assistant(
    context: Context,
    assistant_id: int,
    changes: Mapping[str, Any],
    *,
    merge_settings: bool = False,
) -> None:
    """Set what is given; `settings` as a whole, or merged into those that are there.

    Raises:
        NotFound: when the organization has no such assistant.
        Invalid: when a value cannot be set; nothing is written.
    """
    async with transaction(context) as write:
        assistant = await lock(write, "assistant", _ASSISTANTS, assistant_id)
        problems = Errors()
        check_fields(problems, _FIELDS, changes)
        problems.refuse()
        wanted = dict(changes)
        if merge_settings and "settings" in wanted:
            wanted["settings"] = _merged(assistant.settings, wanted["settings"])
        changed = {
            field: value for field, value in wanted.items() if value != getattr(assistant, field)
        }
        if not changed:
            return
        mine = (_ASSISTANTS.c.id == assistant_id, owned(_ASSISTANTS, write.organization_id))
        await write.run(update(_ASSISTANTS).where(*mine).values(changed | {"updated_at": now()}))
        before = logged({field: getattr(assistant, field) for field in changed})
        await audit(write, "assistant.update", assistant_id, before=before, after=logged(changed))


async def delete_assistant(context: Context, assistant_id: int) -> str:
    """Delete an assistant that no node has; its calls keep its id and its name.

    Returns:
        What it was called.

    Raises:
        NotFound: when the organization has no such assistant.
        InUse: when nodes have it; the message names their graphs.
    """
    async with transaction(context) as write:
        assistant = await lock(write, "assistant", _ASSISTANTS, assistant_id)
        await _refuse_in_use(write, assistant)
        # The words of `channel` are all there are; the index needs them.
        await write.run(
            update(_CALLS)
            .where(
                owned(_CALLS, write.organization_id),
                _CALLS.c.channel.in_([str(word) for word in Channel]),
                _CALLS.c.assistant_id == assistant_id,
                _CALLS.c.assistant_name.is_(None),
            )
            .values(assistant_name=assistant.name)
        )
        mine = (_ASSISTANTS.c.id == assistant_id, owned(_ASSISTANTS, write.organization_id))
        await write.run(delete(_ASSISTANTS).where(*mine))
        await audit(write, "assistant.delete", assistant_id, before={"name": assistant.name})
        return str(assistant.name)


async def _refuse_in_use(write: WriteContext, assistant: Row[Any]) -> None:
    statement = (
        select(_GRAPHS.c.id, _GRAPHS.c.name)
        .join_from(_NODES, _GRAPHS, _GRAPHS.c.id == _NODES.c.graph_id)
        .where(
            _NODES.c.assistant_id == assistant.id,
            owned(_NODES, write.organization_id),
            same_owner(_GRAPHS, _NODES),
        )
        .distinct()
        .order_by(_GRAPHS.c.id)
    )
    graphs = (await write.run(statement)).all()
    if not graphs:
        return
    named = ", ".join(f"'{graph.name}' ({graph.id})" for graph in graphs[:MAX_NAMED])
    more = f" and {len(graphs) - MAX_NAMED:,} more" if len(graphs) > MAX_NAMED else ""
    raise InUse(
        f"Assistant '{assistant.name}' cannot be deleted while nodes of these graphs have it:"
        f" {named}{more}"
    )


def _merged(old: Any, new: Any) -> Any:
    """`new` laid over `old`, object by object; anything else is replaced."""
    if not isinstance(old, dict) or not isinstance(new, Mapping):
        return new
    return old | {key: _merged(old.get(key), value) for key, value in new.items()}
