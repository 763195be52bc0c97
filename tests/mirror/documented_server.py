"""A server in the shapes of the documented REST API, whose rows a test can change at any moment."""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
NOW = BEGIN + timedelta(days=8)

Row = dict[str, Any]


@dataclass
class Organization:
    """What the server has; each list is in no order.

    Attributes:
        now: The server's clock.
    """

    assistants: list[Row] = field(default_factory=list)
    graphs: list[Row] = field(default_factory=list)
    sessions: list[Row] = field(default_factory=list)
    flows: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    transcripts: dict[str, list[Row]] = field(default_factory=dict)
    messages: dict[str, list[Row]] = field(default_factory=dict)
    recordings: dict[str, list[Row]] = field(default_factory=dict)
    conversations: list[Row] = field(default_factory=list)
    sms_logs: list[Row] = field(default_factory=list)
    now: datetime = NOW


@dataclass
class Shape:
    """How one server differs from another.

    Attributes:
        string_ids: Whether ids are strings.
        usual_limit: The page size when none is asked for.
        most: The greatest page size.
        refuses_more: Whether a greater one is a 422, and not just a shorter page.
        absent: Families that it has not: the third part of the address, or `costs`.
        fractions: Whether instants are printed with fractions of a second.
    """

    string_ids: bool = False
    usual_limit: int = 100
    most: int = 1000
    refuses_more: bool = True
    absent: frozenset[str] = frozenset()
    fractions: bool = False


class DocumentedServer:
    """Answers by the documents, from an `Organization`."""

    def __init__(self, organization: Organization, shape: Shape | None = None) -> None:
        self.organization = organization
        self.shape = shape or Shape()
        get = self._route
        self.app = Starlette(
            routes=[
                get("/api/v1/assistants", self._assistants),
                get("/api/v1/assistants/{id}", self._assistant),
                get("/api/v1/assistant-graphs", self._graphs),
                get("/api/v1/assistant-graphs/{graph}", self._graph),
                get("/api/v1/assistant-graphs/{graph}/sessions", self._sessions),
                get("/api/v1/flows", self._flows),
                get("/api/v1/flows/{id}", self._flow),
                get("/api/v1/calls", self._calls),
                get("/api/v1/calls/sid/{sid}", self._call_by_sid),
                get("/api/v1/calls/{call}", self._call),
                get("/api/v1/calls/{call}/transcripts", self._transcripts),
                get("/api/v1/calls/{call}/messages", self._messages),
                get("/api/v1/calls/{call}/recordings", self._recordings),
                get("/api/calls/{call}/costs", self._costs),
                get("/api/v1/sms-conversations", self._conversations),
                get("/api/v1/sms-conversations/{call}", self._conversation),
                get("/api/v1/sms-conversations/{call}/messages", self._sms_messages),
                get("/api/v1/sms-logs", self._sms_logs),
            ]
        )
        self.app.router.redirect_slashes = True

    def _route(self, path: str, handler: Callable[[Request], Any]) -> Route:
        family = path.split("/")[3] if path.startswith("/api/v1") else "costs"
        names = {family, path.rsplit("/", 1)[-1]}

        async def answer(request: Request) -> Response:
            if names & self.shape.absent:
                return _not_found("Not Found")
            answered = handler(request)
            response = answered if isinstance(answered, Response) else self._json(answered)
            response.headers["date"] = format_datetime(self.organization.now, usegmt=True)
            return response

        return Route(path, answer)

    def _json(self, value: Any) -> Response:
        printed = json.dumps(self._printed(value)).encode()
        return Response(printed, media_type="application/json")

    def _printed(self, value: Any, name: str = "") -> Any:
        if isinstance(value, datetime):
            printed = value if self.shape.fractions else value.replace(microsecond=0)
            return printed.isoformat().replace("+00:00", "Z")
        if isinstance(value, dict):
            return {key: self._printed(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._printed(each) for each in value]
        is_id = name == "id" or name.endswith("_id")
        return str(value) if self.shape.string_ids and is_id and value is not None else value

    def _page(self, request: Request, rows: list[Row], *, items: bool = False) -> Any:
        limit = int(request.query_params.get("limit", self.shape.usual_limit))
        skip = int(request.query_params.get("skip", 0))
        if limit > self.shape.most and self.shape.refuses_more:
            return JSONResponse({"detail": [{"loc": ["query", "limit"]}]}, 422)
        limit = min(limit, self.shape.most)
        page = rows[skip : skip + limit]
        if not items:
            return page
        return {"items": page, "total": len(rows), "skip": skip, "limit": limit}

    def _assistants(self, request: Request) -> Any:
        return self._page(request, self.organization.assistants)

    def _assistant(self, request: Request) -> Any:
        return _one(self.organization.assistants, "id", request.path_params["id"])

    def _flow(self, request: Request) -> Any:
        return _one(self.organization.flows, "id", request.path_params["id"])

    def _graphs(self, request: Request) -> Any:
        emptied = [{**graph, "nodes": [], "edges": []} for graph in self.organization.graphs]
        return self._page(request, emptied)

    def _graph(self, request: Request) -> Any:
        return _one(self.organization.graphs, "id", request.path_params["graph"])

    def _sessions(self, request: Request) -> Any:
        graph = request.path_params["graph"]
        rows = [row for row in self.organization.sessions if str(row["graph_id"]) == graph]
        return self._page(request, _newest(rows, "started_at"))

    def _flows(self, request: Request) -> Any:
        return self._page(request, self.organization.flows)

    def _calls(self, request: Request) -> Any:
        low = _instant(request.query_params.get("date_from"))
        high = _instant(request.query_params.get("date_to"))
        rows = [
            row
            for row in self.organization.calls
            if (low is None or row["started_at"] >= low)
            and (high is None or row["started_at"] <= high)
        ]
        return self._page(request, _newest(rows, "started_at"), items=True)

    def _call(self, request: Request) -> Any:
        return _one(self.organization.calls, "id", request.path_params["call"])

    def _call_by_sid(self, request: Request) -> Any:
        return _one(self.organization.calls, "call_sid", request.path_params["sid"])

    def _of_call(self, request: Request, rows: dict[str, list[Row]]) -> Any:
        call = _one(self.organization.calls, "id", request.path_params["call"])
        return call if isinstance(call, Response) else rows.get(str(call["id"]), [])

    def _transcripts(self, request: Request) -> Any:
        rows = self._of_call(request, self.organization.transcripts)
        if isinstance(rows, Response) or request.query_params.get("include_interim") == "true":
            return rows
        return [row for row in rows if row["is_final"]]

    def _messages(self, request: Request) -> Any:
        return self._of_call(request, self.organization.messages)

    def _recordings(self, request: Request) -> Any:
        return self._of_call(request, self.organization.recordings)

    def _costs(self, request: Request) -> Any:
        call = _one(self.organization.calls, "id", request.path_params["call"])
        if isinstance(call, Response):
            return call
        entries = [
            {
                "id": number,
                "service_type": service,
                "provider": "unknown",
                "model": None,
                "usage_type": "call",
                "usage_amount": 1,
                "unit_cost": call[f"{service}_cost"],
                "total_cost": call[f"{service}_cost"],
                "timestamp": call["started_at"],
                "metadata": None,
            }
            for number, service in enumerate(("llm", "tts", "stt", "telephony"), 1)
            if call[f"{service}_cost"] is not None
        ]
        summary = {"call_id": call["id"], "total_cost": call["total_cost"] or 0, "currency": "USD"}
        return {"call_summary": summary, "detailed_entries": entries}

    def _conversations(self, request: Request) -> Any:
        return self._page(request, _newest(self.organization.conversations, "last_activity"))

    def _conversation(self, request: Request) -> Any:
        return _one(self.organization.conversations, "id", request.path_params["call"])

    def _sms_messages(self, request: Request) -> Any:
        row = _one(self.organization.conversations, "id", request.path_params["call"])
        if isinstance(row, Response):
            return row
        return self.organization.messages.get(f"sms{row['id']}", [])

    def _sms_logs(self, request: Request) -> Any:
        return self._page(request, _newest(self.organization.sms_logs, "created_at"), items=True)


def make_organization(*, calls: int = 40, conversations: int = 6, seed: int = 1) -> Organization:
    """An organization with every kind of row; calls come in bursts within one second."""
    rng = random.Random(seed)  # noqa: S311 -- made-up rows
    organization = Organization()
    organization.assistants = [_assistant(number) for number in (1, 2, 3)]
    organization.graphs = [_graph(1)]
    organization.flows = [_flow(7)]
    started = BEGIN
    for number in range(1, calls + 1):
        if rng.random() < 0.7:  # the others begin in the same second
            started += timedelta(minutes=rng.randrange(1, 600))
        add_call(
            organization, number, started + timedelta(microseconds=rng.randrange(1_000_000)), rng
        )
    for number in range(1, conversations + 1):
        add_conversation(organization, number, BEGIN + timedelta(hours=7 * number), rng)
    return organization


def add_call(organization: Organization, number: int, started: datetime, rng: random.Random) -> Row:
    """A new call with what belongs to it."""
    status = rng.choice(("completed", "completed", "failed", "ongoing"))
    ended = status != "ongoing"
    seconds = rng.randrange(5, 600)
    costs = {name: rng.randrange(1, 9999) / 10_000 for name in ("llm", "tts", "stt", "telephony")}
    costed = ended and rng.random() < 0.8
    call = {
        "id": number,
        "call_sid": f"CA{number:032x}",
        "assistant_id": 1 + number % 3,
        "assistant_name": f"Assistant {1 + number % 3}",
        "flow_name": "Router" if number % 4 == 0 else None,
        "to_phone_number": "+15551234567",
        "customer_phone_number": f"+1555987{number % 10_000:04}",
        "status": status,
        "duration": seconds if ended else None,
        "started_at": started,
        "ended_at": started + timedelta(seconds=seconds) if ended else None,
        "call_meta": {"campaign": f"c{number % 3}"} if number % 2 else {},
        "total_cost": round(sum(costs.values()), 6) if costed else None,
        **{f"{name}_cost": amount if costed else None for name, amount in costs.items()},
        "cost_currency": "USD" if costed else None,
    }
    organization.calls.append(call)
    if number % 4 == 0:
        organization.sessions.append(_session(number, call))
    key = str(number)
    organization.transcripts[key] = [
        _segment(number, index, started) for index in range(rng.randrange(5))
    ]
    organization.messages[key] = [
        _message(number, index, started) for index in range(rng.randrange(6))
    ]
    if number % 5 == 0:
        organization.recordings[key] = [_recording(number, started)]
    return call


def add_conversation(
    organization: Organization, number: int, started: datetime, rng: random.Random
) -> Row:
    """A new SMS conversation; what the carrier reports of its messages has the same texts."""
    messages = [
        {
            "id": number * 1000 + index,
            "conversation_id": number,
            "role": "user" if index % 2 else "assistant",
            "content": rng.choice(("Yes", "No", f"Text {index}")),
            "timestamp": started + timedelta(minutes=index),
            "message_index": index,
            "llm_provider": None if index % 2 else "openai",
            "llm_model": None if index % 2 else "gpt-4o-mini",
        }
        for index in range(1, rng.randrange(2, 9))
    ]
    customer, own_number = f"+1555111{number:04}", "+15551234567"
    conversation = {
        "id": number,
        "session_id": f"sms:{customer}:{own_number}",
        "assistant_id": 1,
        "assistant_name": "Assistant 1",
        "customer_phone_number": customer,
        "assistant_phone_number": own_number,
        "status": "active",
        "message_count": len(messages),
        "started_at": started,
        "last_activity": messages[-1]["timestamp"],
        "ended_at": None,
        "channel": "sms",
    }
    organization.conversations.append(conversation)
    organization.messages[f"sms{number}"] = messages
    organization.sms_logs.extend(_sms_log(conversation, message) for message in messages[:-1])
    return conversation


def _sms_log(conversation: Row, message: Row) -> Row:
    inbound = message["role"] == "user"
    numbers = (conversation["customer_phone_number"], conversation["assistant_phone_number"])
    sender, receiver = numbers if inbound else reversed(numbers)
    return {
        "id": message["id"] + 500_000,
        "provider": "twilio",
        "provider_message_id": f"SM{message['id']:032x}",
        "direction": "inbound" if inbound else "outbound",
        "from_number": sender,
        "to_number": receiver,
        "body": message["content"],
        "media_urls": [],
        "segment_count": 1,
        "status": "received" if inbound else "delivered",
        "provider_status": "received" if inbound else "delivered",
        "error_code": None,
        "error_message": None,
        "assistant_id": conversation["assistant_id"],
        "assistant_name": conversation["assistant_name"],
        "created_at": message["timestamp"] + timedelta(seconds=3),
        "updated_at": message["timestamp"] + timedelta(seconds=9),
    }


def _assistant(number: int) -> Row:
    return {
        "id": number,
        "organization_id": 1,
        "user_id": 1,
        "name": f"Assistant {number}",
        "description": None,
        "phone_number": "+15551234567",
        "llm_provider": "openai",
        "llm_model": "gpt-4o-mini",
        "llm_settings": {"temperature": 0.5},
        "is_active": True,
        "created_at": BEGIN,
        "updated_at": BEGIN,
    }


def _graph(number: int) -> Row:
    node = {"graph_id": number, "position": {"x": 0, "y": 0}, "configuration": {}}
    return {
        "id": number,
        "organization_id": 1,
        "name": "Router",
        "description": "Routes",
        "is_active": True,
        "configuration": {"color": "red"},
        "nodes": [
            {**node, "id": 100 + index, "assistant_id": index, "node_type": kind}
            for index, kind in enumerate(("entry", "standard", "escalation"), 1)
        ],
        "edges": [
            {
                "id": 201,
                "graph_id": number,
                "from_node_id": 101,
                "to_node_id": 102,
                "condition_type": "intent",
                "intent_pattern": "buy,order",
                "natural_language_trigger": None,
                "mathematical_expression": None,
                "state_variable_condition": None,
                "condition_logic": "AND",
                "priority": 1,
                "is_active": True,
                "handoff_sentence": "One moment.",
                "description": None,
            }
        ],
        "total_nodes": 3,
        "total_edges": 1,
        "created_at": BEGIN,
        "updated_at": BEGIN,
    }


def _flow(number: int) -> Row:
    return {
        "id": number,
        "organization_id": 1,
        "base_assistant_id": 2,
        "name": "Booking",
        "graph": {
            "begin_node": "greet",
            "global_prompt": "Be brief.",
            "nodes": {
                "greet": {
                    "type": "conversation",
                    "prompt": "Greet.",
                    "transitions": [
                        {"kind": "prompt", "to": "book", "when": "the caller wants to book"},
                        {"kind": "tool", "to": "book", "tool": "lookup"},
                    ],
                },
                "book": {"type": "conversation", "prompt": "Book."},
            },
        },
        "is_active": True,
        "created_at": BEGIN,
        "updated_at": BEGIN,
    }


def _session(number: int, call: Row) -> Row:
    return {
        "id": number,
        "call_sid": call["call_sid"],
        "graph_id": 1,
        "current_node_id": 102,
        "context": {"inquiry": f"i{number}"},
        "started_at": call["started_at"],
        "ended_at": call["ended_at"],
        "is_active": call["ended_at"] is None,
        "current_assistant_name": "Assistant 2",
        "graph_name": "Router",
    }


def _segment(number: int, index: int, started: datetime) -> Row:
    return {
        "id": number * 100 + index,
        "call_id": number,
        "content": f"Segment {index} of {number}",
        "speaker": "assistant" if index % 2 else "user",
        "is_final": index != 3,
        "segment_start": index * 2.5,
        "segment_end": index * 2.5 + 2,
        "confidence": 0.93,
        "stt_timestamps": None,
        "created_at": started + timedelta(seconds=3 * index),
    }


def _message(number: int, index: int, started: datetime) -> Row:
    role = ("system", "assistant", "user")[min(index, 1 + index % 2)]
    by_model = role == "assistant"
    return {
        "id": number * 100 + index,
        "call_id": number,
        "role": role,
        "content": f"Message {index} of {number}",
        "message_index": index,
        "timestamp": started + timedelta(seconds=3 * index),
        "llm_provider": "openai" if by_model else None,
        "llm_model": "gpt-4o-mini" if by_model else None,
        "prompt_tokens": 10 if by_model else None,
        "completion_tokens": 5 if by_model else None,
        "total_tokens": 15 if by_model else None,
    }


def _recording(number: int, started: datetime) -> Row:
    return {
        "id": number,
        "call_id": number,
        "recording_sid": f"RE{number:032x}",
        "file_path": f"recordings/{number}.wav",
        "recording_url": f"https://recordings.example.com/{number}.wav",
        "duration": 12.5,
        "format": "wav",
        "recording_type": "full",
        "recording_source": "twilio",
        "status": "recorded",
        "created_at": started,
    }


def _newest(rows: Iterable[Row], column: str) -> list[Row]:
    return sorted(rows, key=lambda row: (row[column], row["id"]), reverse=True)


def _one(rows: list[Row], name: str, value: str) -> Any:
    for row in rows:
        if str(row[name]) == value:
            return row
    return _not_found(f"{value} not found in your organization")


def _not_found(detail: str) -> Response:
    return JSONResponse({"detail": detail}, 404)


def _instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
