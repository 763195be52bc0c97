"""The documented requests that read the more the more rows there are, and why."""

import re
from pathlib import Path

_LISTS = "(calls|records|smsConversations|graphSessions)"

LINEAR: dict[str, str] = {
    rf"{_LISTS} total, .* ne": "all other rows are counted.",
    rf"{_LISTS} (total|page), (?!said ).* (contains|startsWith)|GET /api/v1/calls(/search"
    "|.* call_sid)|GET /api/v1/calls assistant_name": "a part of a text is looked for in"
    " every row where the server has no `pg_trgm`, and always on SQLite.",
    "auditLog (total|page), .* (contains|startsWith|ne)": "the audit log has no trigrams.",
    "(graphSessions|auditLog) total(, .*)?": "no rollup counts them: those that pass are counted.",
    "graphSessions by ENDED_AT .*, graphId .*": "the sessions of one graph are sorted.",
    "(calls|records|smsConversations) total, (source|endedReason|endedReasonKind|hasRecording"
    "|receivedAt|currency|assistantPhoneNumber)( .*)?": "no rollup tells them apart: those that"
    " pass are counted.",
    rf"{_LISTS} (total|by .*|page), meta .*": "`meta` is JSON text without an index.",
    "(calls|records) total, assistantName .*": "calls of a former name are counted beside those of"
    " assistants that have the name now.",
    "calls by (DURATION|TOTAL_COST|RECEIVED_AT) .*, assistantName .*": "an order by duration, cost"
    " or receipt is walked until enough calls have the name.",
    "(calls|records) (total|by .*), graphId .*|graphs each with calls totalCount": "the calls of"
    " one graph are counted and sorted.",
    "calls by (DURATION|TOTAL_COST|RECEIVED_AT) .*, assistantId .*": "the calls of one assistant"
    " are sorted, by duration or cost from an index that has them.",
    "calls by .*, (source|endedReason|endedReasonKind|hasRecording|currency|assistantPhoneNumber)"
    " .*": "the calls of one source, reason, currency or number are sorted.",
    "calls page, (endedReason|endedReasonKind) ne": "calls with another reason are walked to.",
    "(calls|records) (total|page), (endedAt|startedAt|receivedAt) .*": "a range that is not the"
    " order of the list is counted or sorted.",
    "calls total, (duration|totalCost) .*|GET /api/v1/calls (min|max)_duration": "the total of a"
    " range counts what is in it.",
    "calls by .*, (duration|totalCost) .*": "a list in one order is filtered by another one's"
    " values.",
    "auditLog page, createdAt .*": "SQLite walks to the entries of an earlier time.",
    "(calls|records) page, assistantName in|GET /api/calls/costs/summary min_cost": "SQLite walks"
    " to the calls with one of some names, or with a cost in a range.",
}
"""By a pattern of the names of requests: the reason."""


def reason(name: str) -> str | None:
    """Why a request may read more than others; None where it may not."""
    return next((why for pattern, why in LINEAR.items() if re.fullmatch(pattern, name)), None)


def listed(kind: str) -> frozenset[str]:
    """The requests that are known to read more, by name: others of the same pattern may not."""
    return frozenset(Path(__file__).with_name(f"linear_{kind}.txt").read_text().splitlines())


def markdown() -> str:
    """The table, as docs/large-tables.md has it."""
    escaped = {pattern.replace("|", "\\|"): why for pattern, why in LINEAR.items()}
    rows = (f"| `{pattern}` | {why} |" for pattern, why in escaped.items())
    return "\n".join(("| Requests | Why |", "| --- | --- |", *rows))
