"""What callers of the REST API send of an assistant beside its columns, and get back."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from gql.engine.fields import MemberSource

_MEMBER = MemberSource("settings")

Settings = Annotated[dict[str, Any] | None, _MEMBER]
Text = Annotated[str | None, _MEMBER]
Whole = Annotated[int | None, _MEMBER]
Flag = Annotated[bool | None, _MEMBER]


def _without_key(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value and value.get("api_key") is not None:
        raise ValueError("`api_key` is a secret of a provider, which is not stored: leave it out")
    return value


class DocumentedSettings(BaseModel):
    """Settings that the gateway keeps for others to use, as members of `settings`.

    The names are those of the vendor's API reference and of its Python SDK, `burki` 0.1.2:
    https://docs.burki.dev/api-reference/assistants/update. One that is not set is left out.
    """

    llm_provider_config: Annotated[Settings, AfterValidator(_without_key)] = None
    llm_settings: Settings = None
    llm_fallback_providers: Settings = None
    tts_settings: Settings = None
    stt_settings: Settings = None
    interruption_settings: Settings = None
    tools_settings: Settings = None
    rag_settings: Settings = None
    custom_settings: Settings = None
    webhook_url: Text = None
    webhook_headers: Settings = Field(None, description="Whoever may read may see them.")
    sms_webhook_url: Text = None
    messaging_service_sid: Text = None
    end_call_message: Text = None
    transfer_call_message: Text = None
    idle_message: Text = None
    max_idle_messages: Whole = None
    idle_timeout: Whole = None
    max_call_length: Whole = None
    conversation_continuity_enabled: Flag = None


SETTING_NAMES = frozenset(DocumentedSettings.model_fields)


def split_settings(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was sent, as columns and as members of `settings`."""
    columns = {name: value for name, value in values.items() if name not in SETTING_NAMES}
    return columns, {name: value for name, value in values.items() if name in SETTING_NAMES}
