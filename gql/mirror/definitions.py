"""Assistants, graphs and flows: made once, then changed as the source changes them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gql.domain.writes.assistants import create_assistant, update_assistant
from gql.domain.writes.graphs import create_graph, update_graph
from gql.domain.writes.replacement import replace_structure
from gql.domain.writes.transaction import WriteContext, retry_collisions, transaction
from gql.errors import Invalid, NotFound
from gql.mirror.client import SourceClient
from gql.mirror.graph_shapes import GraphDrafts, assistant_columns, flow_drafts, graph_drafts
from gql.mirror.lists import PageSizes, Row, digest, read_list
from gql.mirror.positions import MirroredObject, load_objects, save_object
from gql.mirror.target import MirrorTarget

ASSISTANTS, GRAPHS, FLOWS = "assistants", "assistant-graphs", "flows"

Objects = Mapping[str, MirroredObject]
Writer = Callable[[WriteContext, Row, MirroredObject | None], Awaitable[int]]
"""Makes or changes the row of an object; the id of the row."""

Update = Callable[[WriteContext, int, Mapping[str, Any]], Awaitable[None]]
"""Changes columns of a row."""


@dataclass
class DefinitionCopy:
    """Copies what an organization has configured."""

    client: SourceClient
    sizes: PageSizes
    target: MirrorTarget

    async def copy_assistants(self) -> None:
        """Copy the assistants.

        Raises:
            FamilyAbsent: when the server has none.
        """
        write = partial(_write_assistant, self.target.region)
        await self._copy(ASSISTANTS, write, update_assistant)

    async def copy_graphs(self) -> None:
        """Copy the graphs with their structures; lists have them without.

        Raises:
            FamilyAbsent: when the server has none.
        """
        write = await self._graph_writer(graph_drafts)
        await self._copy(GRAPHS, write, update_graph, reads_each=True)

    async def copy_flows(self) -> None:
        """Copy the definitions of flows, as graphs.

        Raises:
            FamilyAbsent: when the server has none.
        """
        await self._copy(FLOWS, await self._graph_writer(flow_drafts), update_graph)

    async def _copy(
        self, collection: str, write: Writer, update: Update, *, reads_each: bool = False
    ) -> None:
        """Write what is new or has changed, then look for what is absent."""
        path = f"/api/v1/{collection}"
        every = {} if collection == ASSISTANTS else {"active_only": "false"}
        stored = await self._objects(collection)
        seen: set[str] = set()
        async for rows, _ in read_list(self.client, self.sizes, path, **every):
            for row in rows:
                key = str(row["id"])
                seen.add(key)
                whole = row
                if reads_each:
                    answer = await self.client.get(f"{path}/{key}")
                    if answer is None:
                        continue
                    whole = answer.value
                if await self._write(collection, whole, stored.get(key), write):
                    self.target.report.objects[collection] += 1
                self.target.progress(collection, len(seen), max(len(seen), len(stored)))
        for key in sorted(stored.keys() - seen):
            if stored[key].absent_since is None:
                await self._notice_absent(collection, stored[key], update)

    async def _objects(self, collection: str) -> Objects:
        async with self.target.context() as context:
            return await load_objects(context, self.target.source, collection)

    async def _write(
        self, collection: str, row: Row, stored: MirroredObject | None, write: Writer
    ) -> bool:
        """Write an object that has changed; whether that is done, or was not needed."""
        key, content = str(row["id"]), f"{digest(row)} {_structure_digest(row)}"
        if stored is not None and stored.digest == content and stored.absent_since is None:
            self.target.report.items["unchanged"] += 1
            return True

        async def write_both() -> None:
            async with self.target.context() as context, transaction(context) as opened:
                object_id = await write(opened, row, stored)
                fresh = MirroredObject(key, object_id, content)
                await save_object(opened, self.target.source, collection, fresh)

        try:
            await retry_collisions(write_both)
        except (Invalid, KeyError) as error:
            reason = (
                error.message
                if isinstance(error, Invalid)
                else f"it names {error}, which was not copied"
            )
            self.target.report.items["refused"] += 1
            self.target.report.find(f"{collection} {key} ({row.get('name')}) is refused: {reason}")
            return False
        self.target.report.items["created" if stored is None else "updated"] += 1
        return True

    async def _graph_writer(
        self, drafts_of: Callable[[Row, Mapping[str, int]], GraphDrafts]
    ) -> Writer:
        objects = await self._objects(ASSISTANTS)
        assistants = {
            key: each.object_id for key, each in objects.items() if each.object_id is not None
        }

        async def write(opened: WriteContext, row: Row, stored: MirroredObject | None) -> int:
            drafts = drafts_of(row, assistants)
            for remark in drafts.remarks:
                self.target.report.find(remark)
            is_same = (
                stored is not None
                and stored.digest is not None
                and stored.digest.endswith(_structure_digest(row))
            )
            return await _write_graph(opened, drafts, stored, has_structure=is_same)

        return write

    async def _notice_absent(self, collection: str, stored: MirroredObject, update: Update) -> None:
        """Deactivate the row of an object that its source has no longer."""
        if await self.client.get(f"/api/v1/{collection}/{stored.external_id}") is not None:
            return
        absent = replace(stored, absent_since=self.client.now())
        async with self.target.context() as context, transaction(context) as write:
            if stored.object_id is not None:
                try:
                    await update(write, stored.object_id, {"is_active": False})
                except NotFound:
                    absent = replace(absent, object_id=None)
            await save_object(write, self.target.source, collection, absent)
        self.target.report.find(
            f"{collection} {stored.external_id} is no longer at the source; it is inactive here."
        )


async def _write_assistant(
    region: str | None, write: WriteContext, row: Row, stored: MirroredObject | None
) -> int:
    columns = assistant_columns(row, region)
    if stored is not None and stored.object_id is not None:
        try:
            await update_assistant(write, stored.object_id, columns)
        except NotFound:
            return await create_assistant(write, columns)
        return stored.object_id
    return await create_assistant(write, columns)


def _structure_digest(row: Row) -> str:
    """A digest of the nodes and edges of a graph or a flow: they are replaced when it changes."""
    return digest([row.get(name) for name in ("nodes", "edges", "graph", "base_assistant_id")])


async def _write_graph(
    write: WriteContext,
    drafts: GraphDrafts,
    stored: MirroredObject | None,
    *,
    has_structure: bool,
) -> int:
    if stored is None or stored.object_id is None:
        return (await create_graph(write, drafts.columns, drafts.nodes, drafts.edges)).id
    try:
        await update_graph(write, stored.object_id, drafts.columns)
    except NotFound:
        return (await create_graph(write, drafts.columns, drafts.nodes, drafts.edges)).id
    if not has_structure:
        await replace_structure(write, stored.object_id, drafts.nodes, drafts.edges)
    return stored.object_id
