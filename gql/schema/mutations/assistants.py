"""Mutations of assistants."""

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from gql.domain.assistants import ASSISTANTS
from gql.domain.writes import assistants
from gql.engine.declaration import one
from gql.query.context import Context
from gql.schema.assistants import Assistant
from gql.schema.mutations.payloads import (
    ChangeInput,
    Payload,
    change_input,
    optional,
    payload,
    required,
)
from gql.schema.mutations.run import Result, changes_of, default, key_of, run_mutation

ID = "The global id, or the documented integer."


@change_input
class CreateAssistantInput(ChangeInput):
    """An assistant to make."""

    name: str = required("What to call it; 1 to 255 characters.")
    description: str | None = optional("What it is for.")
    phone_number: str | None = optional("The number it answers, in E.164 form.")
    llm_provider: str = strawberry.field(
        default="openai", description="Who runs its language model."
    )
    llm_model: str = strawberry.field(default="gpt-4o-mini", description="Its language model.")
    settings: JSON | None = optional("Free-form settings: a JSON object.")
    is_active: bool = strawberry.field(default=True, description="Whether it answers.")


@payload
class CreateAssistantPayload(Payload):
    """An assistant that was made."""

    assistant: Assistant | None = one(
        "The assistant; null when it was not made.", ASSISTANTS, "object_id"
    )


async def create_assistant(info: Info, input: CreateAssistantInput) -> CreateAssistantPayload:
    """See `Mutation.createAssistant`."""

    async def change(context: Context) -> Result:
        values = changes_of(input) | {"settings": default(input.settings, {})}
        return {"id": await assistants.create_assistant(context, values)}

    done = await run_mutation(info, input, change)
    return CreateAssistantPayload(**done.common, object_id=done.outcome.get("id"))


@change_input
class UpdateAssistantInput(ChangeInput):
    """What to change of an assistant; what is absent stays."""

    id: strawberry.ID = required(ID)
    name: str | None = optional("What to call it; 1 to 255 characters.")
    description: str | None = optional("What it is for; null removes it.")
    phone_number: str | None = optional("The number it answers; null removes it.")
    llm_provider: str | None = optional("Who runs its language model.")
    llm_model: str | None = optional("Its language model.")
    settings: JSON | None = optional("Free-form settings: a JSON object.")
    merge_settings: bool = strawberry.field(
        default=False,
        description="Lay `settings` over those that are there, object by object, instead of"
        " replacing them as a whole.",
    )
    is_active: bool | None = optional("Whether it answers.")


@payload
class UpdateAssistantPayload(Payload):
    """An assistant that was changed."""

    assistant: Assistant | None = one(
        "The assistant; null when it was not changed.", ASSISTANTS, "object_id"
    )


async def update_assistant(info: Info, input: UpdateAssistantInput) -> UpdateAssistantPayload:
    """See `Mutation.updateAssistant`."""

    async def change(context: Context) -> Result:
        assistant_id = key_of(input.id, ASSISTANTS.name)
        changes = changes_of(input, "id", "merge_settings")
        await assistants.update_assistant(
            context, assistant_id, changes, merge_settings=input.merge_settings
        )
        return {"id": assistant_id}

    done = await run_mutation(info, input, change)
    return UpdateAssistantPayload(**done.common, object_id=done.outcome.get("id"))


@change_input
class DeleteAssistantInput(ChangeInput):
    """An assistant to delete."""

    id: strawberry.ID = required(ID)


@payload
class DeleteAssistantPayload(Payload):
    """An assistant that is gone; its calls keep its name."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its global id; null when it was not deleted."
    )
    name: str | None = strawberry.field(default=None, description="What it was called.")


async def delete_assistant(info: Info, input: DeleteAssistantInput) -> DeleteAssistantPayload:
    """See `Mutation.deleteAssistant`."""

    async def change(context: Context) -> Result:
        assistant_id = key_of(input.id, ASSISTANTS.name)
        name = await assistants.delete_assistant(context, assistant_id)
        return {"deleted_id": f"{ASSISTANTS.name}_{assistant_id}", "name": name}

    done = await run_mutation(info, input, change)
    return DeleteAssistantPayload(**done.common, **done.outcome)
