"""Bodies that do not fit their model, kept as far as they do.

Elsewhere a body that does not fit is refused before the handler runs. Where the documents answer a
wrong body with one sentence, it names every problem at once: the wrong types, which are known here,
and what only the domain knows, such as an assistant that does not exist.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from gql.errors import Problem, format_path
from gql.rest.unprocessable import Detail, detail_of, details_of

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class BodyProblem(Problem):
    """A value of the wrong type, with its problem in the documented form."""

    detail: Detail | None = None


@dataclass(frozen=True)
class PartialBody(Generic[Model]):
    """A body as far as it fits its model.

    Attributes:
        value: What fits; a required field that does not is None.
        problems: Of what does not.
    """

    value: Model
    problems: tuple[Problem, ...]

    def fits(self, *path: str | int) -> bool:
        """Whether no problem is at the path, below it or above it."""
        return all(
            problem.path[: len(path)] != path[: len(problem.path)] for problem in self.problems
        )


def fit_partially(model: type[Model], value: Any) -> PartialBody[Model]:
    """A JSON value as a model, as far as it is one."""
    instance, details = _fit(model, value)
    return PartialBody(instance, tuple(_problem(detail) for detail in details))


def _fit(model: type[Model], value: Any) -> tuple[Model, list[Detail]]:
    if value is None:
        return _empty(model), [detail_of("missing", ("body",), "Field required", None)]
    try:
        return model.model_validate(value, from_attributes=True), []
    except ValidationError as error:
        details = details_of(error, "body")
    instance = _empty(model)
    if not isinstance(value, dict):
        return instance, details
    wrong = {detail["loc"][1] for detail in details}
    for name, info in model.model_fields.items():
        items = _items_of(info.annotation)
        if name in value and name not in wrong:
            model.__pydantic_validator__.validate_assignment(instance, name, value[name])
        elif items is not None and isinstance(value.get(name), list):
            setattr(instance, name, [_fit(items, item)[0] for item in value[name]])
    return instance, details


def _empty(model: type[Model]) -> Model:
    """A model of defaults, without validation: what is required is None."""
    required = (name for name, info in model.model_fields.items() if info.is_required())
    return model.model_construct(**dict.fromkeys(required))


def _items_of(annotation: Any) -> type[BaseModel] | None:
    """The model of `list[Model]` or `list[Model] | None`."""
    for part in (annotation, *get_args(annotation)):
        inner = get_args(part)
        if len(inner) == 1 and isinstance(inner[0], type) and issubclass(inner[0], BaseModel):
            return inner[0]
    return None


def _problem(detail: Detail) -> BodyProblem:
    path = tuple(detail["loc"][1:])
    message = f"{format_path(path) or 'The body'}: {detail['msg']}"
    return BodyProblem(
        path, message, "REQUIRED" if detail["type"] == "missing" else "INVALID", detail
    )
