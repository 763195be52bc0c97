"""Mutations of assistants."""

import strawberry
from strawberry.scalars import JSON

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
from gql.schema.mutations.run import changes_of, default, global_id_of, key_of, mutation

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


@mutation("Make an assistant.")
async def create_assistant(context: Context, input: CreateAssistantInput) -> CreateAssistantPayload:
    values = changes_of(input) | {"settings": default(input.settings, {})}
    return CreateAssistantPayload(object_id=await assistants.create_assistant(context, values))


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


@mutation("Change an assistant.")
async def update_assistant(context: Context, input: UpdateAssistantInput) -> UpdateAssistantPayload:
    assistant_id = key_of(input.id, ASSISTANTS)
    changes = changes_of(input, "id", "merge_settings")
    await assistants.update_assistant(
        context, assistant_id, changes, merge_settings=input.merge_settings
    )
    return UpdateAssistantPayload(object_id=assistant_id)


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


@mutation("Delete an assistant that no node has; calls and SMS conversations keep its name.")
async def delete_assistant(context: Context, input: DeleteAssistantInput) -> DeleteAssistantPayload:
    assistant_id = key_of(input.id, ASSISTANTS)
    name = await assistants.delete_assistant(context, assistant_id)
    return DeleteAssistantPayload(deleted_id=global_id_of(ASSISTANTS, assistant_id), name=name)


MUTATIONS = (
    create_assistant,
    update_assistant,
    delete_assistant,
)
