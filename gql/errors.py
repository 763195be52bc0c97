"""Every error of the gateway, on one page.

Errors are raised low, as facts, and rendered once per door: GraphQL prints `code` under `extensions`,
REST answers `status` with `detail`.

    GatewayError              INTERNAL_SERVER_ERROR   500  a bug: masked for the caller, logged whole
    |-- Unauthenticated       UNAUTHENTICATED         401  no credential, or a bad one
    |-- Forbidden             FORBIDDEN               403  the credential lacks a permission
    |-- NotFound              NOT_FOUND               404  no such object in the organization
    |-- BadInput              BAD_USER_INPUT          400  an argument that cannot be used
    |   `-- BadCursor         BAD_CURSOR              400  a cursor that is not of this list and order
    |-- Refused               (its own)               4xx  a request the endpoint's guard turned away
    `-- Unavailable           UNAVAILABLE             503  the database cannot be reached right now
"""

from typing import Any, ClassVar


class GatewayError(Exception):
    """A fact about a request, with a stable `code` and an HTTP `status`.

    Args:
        message: One sentence for the caller that says what to change.
        extensions: Further machine-readable facts, printed beside the code.
    """

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    status: ClassVar[int] = 500
    meaning: ClassVar[str] = "Unexpected; the request id leads to the log."

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions: dict[str, Any] = {"code": self.code, **extensions}


class Unauthenticated(GatewayError):
    """No credential was presented, or the one presented is not valid."""

    code = "UNAUTHENTICATED"
    status = 401
    meaning = "No credential, or one that is unknown, expired or revoked."


class Forbidden(GatewayError):
    """The credential is valid but lacks a permission."""

    code = "FORBIDDEN"
    status = 403
    meaning = "The credential is valid but lacks a permission."


class NotFound(GatewayError):
    """There is no such object in the caller's organization.

    Args:
        noun: The kind of object, as a resource name: `call`.
        key: What the caller asked for.
    """

    code = "NOT_FOUND"
    status = 404
    meaning = "No such object in the organization of the credential."

    def __init__(self, noun: str, key: int | str) -> None:
        super().__init__(f"There is no {noun.replace('_', ' ')} {key} in your organization.")
        self.noun = noun
        self.key = key


class BadInput(GatewayError):
    """An argument has the right type but a value that cannot be used."""

    code = "BAD_USER_INPUT"
    status = 400
    meaning = "An argument has a value that cannot be used; the message says which and why."


class BadCursor(BadInput):
    """A cursor is forged, damaged, or belongs to another list or order."""

    code = "BAD_CURSOR"
    meaning = "The cursor is damaged or belongs to another list or order."


class Unavailable(GatewayError):
    """The database cannot be reached right now; trying again may help."""

    code = "UNAVAILABLE"
    status = 503
    meaning = "The database cannot be reached right now; try again."
