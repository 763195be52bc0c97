"""Demo assistants: active ones, an inactive one, and a deleted one that only calls name."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from gql.demo.tenant import NOW, DemoAssistant, Item, Tenant, pick
from gql.models.assistant import Assistant

_ASSISTANTS = (
    ("Front Desk", "Answers first and finds out what the caller needs", True),
    ("Billing", "Invoices, refunds and payment plans", True),
    ("Technical Support", "Diagnoses devices and lines", True),
    ("Appointments", None, True),
    ("José, el conserje", "Atiende en español 🌮", True),
    ("李娜", "普通话客户服务", True),
    ("Human Handover", "Finds a free colleague", True),
    ("Night Desk", "Switched off until the autumn", False),
)
_DELETED = "Legacy Bot"
_MODELS = (
    ("openai", "gpt-4o-mini"),
    ("anthropic", "claude-haiku"),
    ("google", "gemini-flash"),
)


def assistants(tenant: Tenant) -> Iterator[Item]:
    """The organization's assistants; the inactive one takes no calls."""
    created = NOW - timedelta(days=700)
    for name, description, is_active in _ASSISTANTS:
        assistant = _new(tenant, name)
        if is_active:
            tenant.assistants.append(assistant)
        yield assistant_row(
            tenant.organization_id,
            assistant,
            description=description,
            settings={"language": "es" if "José" in name else "en", "temperature": 0.4},
            is_active=is_active,
            created_at=created,
            updated_at=created + timedelta(days=pick(tenant.random, (0, 30, 365))),
        )
    tenant.deleted.append(_new(tenant, _DELETED))


def numbered_assistants(tenant: Tenant, count: int) -> Iterator[Item]:
    """`count` further assistants, for the large set."""
    created = NOW - timedelta(days=500)
    for number in range(1, count + 1):
        assistant = _new(tenant, f"Desk {number:03d}")
        tenant.assistants.append(assistant)
        yield assistant_row(
            tenant.organization_id, assistant, created_at=created, updated_at=created
        )


def assistant_row(organization_id: int, assistant: DemoAssistant, **columns: Any) -> Item:
    """One row of `assistant`, with further columns."""
    return Assistant, {
        "id": assistant.id,
        "organization_id": organization_id,
        "user_id": organization_id,
        "name": assistant.name,
        "phone_number": assistant.phone_number,
        "llm_provider": assistant.llm_provider,
        "llm_model": assistant.llm_model,
        **columns,
    }


def _new(tenant: Tenant, name: str) -> DemoAssistant:
    number = tenant.ids.next(Assistant)
    provider, model = pick(tenant.random, _MODELS)
    return DemoAssistant(number, name, f"+1800{number:07d}", provider, model)
