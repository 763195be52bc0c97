"""The OpenAPI 3.1 document, from the same declarations that requests are validated with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from gql import __version__
from gql.domain.writes.idempotency import LONGEST_KEY
from gql.http.media_types import JSON, NDJSON
from gql.rest.idempotent_run import KEY_HEADER, takes_key
from gql.rest.openapi_errors import ERROR_SCHEMAS, error_responses
from gql.rest.route import Answer, RestRoute

REFERENCE = "#/components/schemas/{model}"

_ABOUT = """\
The documented REST API. Every path answers with and without its trailing slash.

Instants are ISO 8601 in UTC; an input without a zone is UTC, and a bare date is its midnight.
Refusals are a JSON object with `detail`. Writes may carry an `Idempotency-Key`, by which the first
answer is given again for 24 hours. Everything here can be asked for in one request at `/graphql`.
"""

_IN = ("path", "query")
"""OpenAPI's `in` of a parameter, and the name of the handler's parameter."""

SECURITY: dict[str, Any] = {
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key: `Authorization: Bearer burki_...`.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A JSON Web Token with `exp`, `organization_id` and `user_id`.",
    },
    "dashboard": {
        "type": "apiKey",
        "in": "cookie",
        "name": "jackfield_dashboard",
        "description": "The cookie of a dashboard login; writes need a same-origin `Origin`.",
    },
}


class _Untitled(GenerateJsonSchema):
    """Schemas without a title for each field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def openapi(routes: Sequence[RestRoute]) -> dict[str, Any]:
    """The document of these routes, in their order."""
    shapes, definitions = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, shapes)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Jackfield", "version": __version__, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in SECURITY],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": {**dict(sorted(definitions.items())), **ERROR_SCHEMAS},
            "securitySchemes": SECURITY,
        },
    }


def _operation(route: RestRoute, shapes: Mapping[int, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "tags": [route.tag],
        "summary": route.summary,
        "description": route.description,
    }
    if route.permission is None:
        operation["security"] = []
    parameters = list(_parameters(route))
    if parameters:
        operation["parameters"] = parameters
    if "body" in route.models:
        content: dict[str, Any] = {"schema": shapes[id(route.models["body"])]}
        if route.example is not None:
            content["example"] = route.example
        operation["requestBody"] = {
            "required": not route.takes_no_body,
            "content": {"application/json": content},
        }
    if route.takes_lines:
        lines = {"schema": {"type": "string"}, "example": route.example}
        operation["requestBody"] = {"required": True, "content": {NDJSON: lines}}
    operation["responses"] = {
        **{str(status): _answer(answer, shapes) for status, answer in route.answers.items()},
        **error_responses(route),
    }
    if route.reads is not None:
        for status in route.answers:
            operation["responses"][str(status)]["headers"] = _record_headers(route, status)
    if is_conditional_read(route):
        operation["responses"]["304"] = {"description": "It is as `If-None-Match` says."}
    return operation


def _record_headers(route: RestRoute, status: int) -> dict[str, Any]:
    """The response headers of what is read."""
    meanings = {"ETag": "Of what is shown."}
    if route.method != "GET":
        meanings["Content-Location"] = "The address of the record that is shown."
    if status == HTTPStatus.CREATED:
        meanings["Location"] = "The same."
    return {
        name: {"schema": {"type": "string"}, "description": meaning}
        for name, meaning in meanings.items()
    }


def _parameters(route: RestRoute) -> Iterator[dict[str, Any]]:
    for location in _IN:
        model = route.models.get(location)
        if model is None:
            continue
        schema = model.model_json_schema(schema_generator=_Untitled)
        required = set(schema.get("required", ()))
        for field, described in schema["properties"].items():
            parameter = _not_null(described)
            yield {
                "name": field,
                "in": location,
                "required": field in required,
                **(
                    {"description": parameter.pop("description")}
                    if "description" in parameter
                    else {}
                ),
                "schema": parameter,
            }
    if takes_key(route):
        text = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY}
        yield _header(
            KEY_HEADER, "Chosen by the caller: the same key gives the first answer again.", text
        )
    if route.guarded_by is not None:
        yield _header("If-Match", "The `ETag` it was read with; 412 when it has another by now.")
    elif is_conditional_read(route):
        yield _header("If-None-Match", "The `ETag` of what you have; 304 when it is as it was.")


def _header(name: str, description: str, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An optional request header."""
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": schema or {"type": "string"},
    }


def is_conditional_read(route: RestRoute) -> bool:
    """Whether a client may ask for what has changed alone."""
    return route.method == "GET" and route.reads is not None


def _not_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter's schema without null: a parameter can be left out, but not null."""
    plain = {name: value for name, value in schema.items() if value is not None}
    choices = [choice for choice in plain.pop("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return {**plain, **choices[0]}
    return {**plain, "anyOf": choices} if choices else plain


def _answer(answer: Answer, shapes: Mapping[int, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    content: dict[str, Any] = {}
    for media_type in answer.files:
        content[media_type] = {"schema": {} if media_type == JSON else {"type": "string"}}
    if answer.model is not None:
        content["application/json"] = {"schema": shapes[id(answer.model)]}
        if answer.example is not None:
            content["application/json"]["example"] = answer.example
    if answer.lines:
        content[NDJSON] = {"schema": {"type": "string"}}
    if answer.files:
        described["headers"] = {
            "Content-Disposition": {"schema": {"type": "string"}, "description": "The file's name."}
        }
    if content:
        described["content"] = content
    return described


def _schemas(routes: Iterable[RestRoute]) -> tuple[dict[int, Any], dict[str, Any]]:
    """The schema of every model by its `id()`, and the definitions that they share."""
    adapters: list[tuple[int, Any, TypeAdapter[Any]]] = []
    for route in routes:
        body: type[BaseModel] | None = route.models.get("body")
        if body is not None:
            adapters.append((id(body), "validation", TypeAdapter(body)))
        adapters += (
            (id(answer.model), "serialization", TypeAdapter(answer.model))
            for answer in route.answers.values()
            if answer.model is not None
        )
    schemas, shared = TypeAdapter.json_schemas(
        adapters, ref_template=REFERENCE, schema_generator=_Untitled
    )
    return {key: schema for (key, _), schema in schemas.items()}, shared.get("$defs", {})
