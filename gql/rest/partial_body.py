"""Bodies that do not fit, kept as far as they do, so that a write can tell all of their problems.

Elsewhere a body that does not fit is refused at once. Where the documents answer a wrong body with
one sentence, callers are told everything at once: the wrong types that are found here, and what
only the domain can know, such as an assistant that there is not.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from gql.errors import Problem, place
from gql.rest.unprocessable import Detail, detail_of, details_of

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class BodyProblem(Problem):
    """A problem of the body's form, with what callers of the documented API are told of it."""

    detail: Detail | None = None


@dataclass(frozen=True)
class PartialBody(Generic[Model]):
    """A body and what is wrong with its form.

    Attributes:
        value: What fits; a required field that does not is None.
        problems: Empty when the whole body fits.
    """

    value: Model
    problems: tuple[Problem, ...]

    def fits(self, *path: str | int) -> bool:
        """Whether nothing is wrong at the path, below it or above it."""
        places = (problem.path for problem in self.problems)
        return all(place[: len(path)] != path[: len(place)] for place in places)


def fit_partially(model: type[Model], value: Any) -> PartialBody[Model]:
    """A JSON value as a model, as far as it is one."""
    instance, details = _fit(model, value)
    return PartialBody(instance, tuple(_misfit(detail) for detail in details))


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
    """An unchecked model: what is required is None."""
    required = (name for name, info in model.model_fields.items() if info.is_required())
    return model.model_construct(**dict.fromkeys(required))


def _items_of(annotation: Any) -> type[BaseModel] | None:
    """The model of `list[Model]` or `list[Model] | None`."""
    for part in (annotation, *get_args(annotation)):
        inner = get_args(part)
        if len(inner) == 1 and isinstance(inner[0], type) and issubclass(inner[0], BaseModel):
            return inner[0]
    return None


def _misfit(detail: Detail) -> BodyProblem:
    path = tuple(detail["loc"][1:])
    message = f"{place(path) or 'The body'}: {detail['msg']}"
    return BodyProblem(
        path, message, "REQUIRED" if detail["type"] == "missing" else "INVALID", detail
    )
