"""Made-up calls and text messages as they happen, as the items that a platform would send.

All chance comes from a seed: the same seed gives the same conversations with the same ids, so that
whoever sends them twice does not have them twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

SOURCE = "simulator"
"""What `Call.source` says of them."""

Fields = dict[str, Any]

_SECONDS_PER_LETTER = 0.065
_LONGEST_RING = 6.0
_ASSISTANT_NUMBERS = ("+15550100001", "+15550100002")
_FAILED_SHARE = 0.1
_SMS_SHARE = 0.25
_COST_DELAY = 3.0
_MICROS_PER_SECOND = {"llm": 60, "tts": 25, "stt": 71, "telephony": 140}


@dataclass(frozen=True)
class Scene:
    """What is talked about: who answers, who takes over, and what is said.

    Attributes:
        first: The assistant that answers.
        second: The one that takes over.
        condition: Why it does.
        lines: In order; every second one is the customer's.
        handover: Before which line the second one takes over.
        summary: Of the whole.
    """

    first: str
    second: str
    condition: str
    lines: tuple[str, ...]
    handover: int
    summary: str


SCENES = (
    Scene(
        "Receptionist",
        "Billing",
        "the customer asks about an invoice",
        (
            "Good day, this is the front desk. How can I help?",
            "There is a charge on my invoice that I do not know.",
            "I will hand you over to billing, one moment.",
            "Thanks.",
            "Billing here. Which amount is it?",
            "Twelve euros and forty cents, on the third.",
            "That was the setup fee; it is charged once. I have sent you the receipt.",
            "Ah, now I remember. Thank you!",
        ),
        4,
        "A customer asked about a setup fee of 12.40, which was explained.",
    ),
    Scene(
        "Receptionist",
        "Scheduling",
        "the customer wants another appointment",
        (
            "Hello, you have reached the practice. What can I do for you?",
            "I cannot come on Friday. Is there anything next week?",
            "Let me put you through to scheduling.",
            "Fine.",
            "Tuesday at ten, or Thursday at four?",
            "Thursday at four is good.",
            "Done: Thursday at four. You will get a text message.",
        ),
        4,
        "An appointment was moved to Thursday at four.",
    ),
    Scene(
        "Support",
        "Technician",
        "the first steps did not help",
        (
            "Support, good morning. What happened?",
            "The display says E-42 and nothing else.",
            "Please hold the power button for ten seconds.",
            "Still E-42.",
            "Then a colleague looks at it with you.",
            "Yes, please.",
            "Technician speaking. I see the device now; the update had stopped half way.",
            "It starts! Great.",
        ),
        6,
        "A stopped update was completed by a technician.",
    ),
)

TEXTS = (
    ("Is my order on its way?", "Yes, it arrives tomorrow before noon."),
    ("Can I come at five instead?", "Five is fine. See you then!"),
    ("STOP", "You will get no more messages from us."),
)

_FAILURES = (("no-answer", "no_answer"), ("busy", "busy"))


class Stop(NamedTuple):
    """A node of a graph: what transitions call it, and who speaks there."""

    key: str
    assistant: str


class Move(NamedTuple):
    """An edge: where it leads, and when it is taken."""

    to: Stop
    condition_type: str
    condition: str | None


@dataclass(frozen=True)
class WalkedGraph:
    """A graph that calls walk through.

    Attributes:
        name: Its name.
        entry: Where calls begin.
        moves: By the key of a node: the edges that leave it.
    """

    name: str
    entry: Stop
    moves: Mapping[str, Sequence[Move]]


@dataclass(frozen=True)
class Happening:
    """An item that is sent a while after its conversation began.

    Attributes:
        after: Seconds since the beginning, which become `occurredAt`.
        fields: Of the item, but for its times.
        instants: Further fields, in seconds since the beginning.
    """

    after: float
    fields: Fields
    instants: Mapping[str, float] = field(default_factory=dict)

    def item(self, began: datetime) -> Fields:
        """The item of a conversation that began at an instant."""
        at = {name: began + timedelta(seconds=after) for name, after in self.instants.items()}
        times = {"occurredAt": began + timedelta(seconds=self.after), **at}
        common = {"source": SOURCE, "producer": "webhook"}
        return {**common, **self.fields, **{name: at.isoformat() for name, at in times.items()}}


@dataclass(frozen=True)
class Conversation:
    """A call or an exchange of text messages.

    Attributes:
        key: Its id; of text messages, the prefix of theirs.
        happenings: In order of time.
        is_call: Whether it is a call.
        session: The key of its graph session; None where there is none.
    """

    key: str
    happenings: Sequence[Happening]
    is_call: bool = True
    session: str | None = None

    def hung_up(self, after: float) -> Sequence[Happening]:
        """What ends a call after so many seconds, before its time."""
        if not self.is_call:
            return ()
        walks = any(
            each.fields["kind"] == "session" and each.after <= after for each in self.happenings
        )
        return _ending(self.key, self.session if walks else None, after)


def conversations(seed: int, graphs: Sequence[WalkedGraph] = ()) -> Iterator[Conversation]:
    """Conversations without end: calls, and some text messages between them.

    Args:
        seed: Of all chance.
        graphs: That calls walk through; without one they name graphs that need not exist.
    """
    random = Random(seed)  # noqa: S311 -- made-up data, not a secret
    while True:
        key = f"CA{random.getrandbits(128):032x}"
        numbers = {
            "customerPhoneNumber": f"+1555{random.randrange(10**7):07}",
            "toPhoneNumber": random.choice(_ASSISTANT_NUMBERS),
        }
        if random.random() < _SMS_SHARE:
            yield _texts(random, key, numbers)
        elif random.random() < _FAILED_SHARE:
            yield _unanswered(random, key, numbers)
        else:
            yield _call(random, key, numbers, graphs)


def _texts(random: Random, key: str, numbers: Fields) -> Conversation:
    """A message of a customer, the answer, and that it was delivered."""
    question, answer = random.choice(TEXTS)
    customer, assistant = numbers["customerPhoneNumber"], numbers["toPhoneNumber"]
    wait = random.uniform(2, 8)
    received = {
        "kind": "sms",
        "messageId": f"SM{key[2:]}",
        "from": customer,
        "to": assistant,
        "direction": "inbound",
        "body": question,
        "status": "received",
    }
    sent = {
        **received,
        "messageId": f"SN{key[2:]}",
        "from": assistant,
        "to": customer,
        "direction": "outbound",
        "body": answer,
        "status": "sent",
    }
    delivered = {"kind": "sms", "messageId": sent["messageId"], "status": "delivered"}
    happenings = (Happening(0, received), Happening(wait, sent), Happening(wait + 1.5, delivered))
    return Conversation(key, happenings, is_call=False)


def _unanswered(random: Random, key: str, numbers: Fields) -> Conversation:
    """An outbound call that nobody takes."""
    end = random.uniform(5, 25)
    begin = {
        **_call_fields(key, "ringing"),
        **numbers,
        "direction": "outbound",
        "assistant": _named("Outreach"),
    }
    word, kind = random.choice(_FAILURES)
    ended = {
        **_call_fields(key, "failed"),
        "endedReason": word,
        "endedReasonKind": kind,
        "durationMs": 0,
    }
    return Conversation(
        key, (Happening(0, begin, {"startedAt": 0}), Happening(end, ended, {"endedAt": end}))
    )


def _call(random: Random, key: str, numbers: Fields, graphs: Sequence[WalkedGraph]) -> Conversation:
    """A call through nodes of a graph, with what is said, and its bill."""
    scene = random.choice(SCENES)
    graph = random.choice(graphs) if graphs else _graph_of(scene)
    walk = _walk(random, graph, len(scene.lines) - scene.handover)
    session = f"session-{key}"
    answered = random.uniform(1, _LONGEST_RING)
    begin = {
        **_call_fields(key, "ringing"),
        **numbers,
        "direction": "inbound",
        "assistant": _named(graph.entry.assistant),
        "graph": _named(graph.name),
    }
    happenings = [
        Happening(0, begin, {"startedAt": 0}),
        Happening(answered, _call_fields(key, "ongoing"), {"answeredAt": answered}),
        Happening(
            answered,
            {
                **_of(key, "session", externalId=session, graph=begin["graph"]),
                "currentNode": graph.entry.key,
                "assistantName": graph.entry.assistant,
                "context": {"topic": scene.condition},
            },
            {"startedAt": answered},
        ),
    ]
    now = answered + 0.8
    for number, line in enumerate(scene.lines):
        step = number - scene.handover
        if 0 <= step < len(walk):
            start = walk[step - 1].to if step else graph.entry
            happenings.append(Happening(now, _transition(key, session, step, start, walk[step])))
        end = now + len(line) * _SECONDS_PER_LETTER
        happenings += _line(random, key, number, line, (now, end))
        now = end + random.uniform(0.4, 1.6)
    happenings += _ending(key, session, now, summary=scene.summary)
    happenings.append(Happening(now + _COST_DELAY, _bill(random, key, now - answered)))
    return Conversation(key, happenings, session=session)


def _line(
    random: Random, key: str, number: int, line: str, times: tuple[float, float]
) -> list[Happening]:
    """What somebody says, as a message and as a segment of the transcript."""
    begin, end = times
    role = ("assistant", "user")[number % 2]
    spoken = {"key": f"line-{number}", "content": line, "position": number}
    confidence = round(random.uniform(0.85, 0.99), 3)
    segment = {"speaker": role, "start": round(begin, 2), "end": round(end, 2)}
    return [
        Happening(begin, _of(key, "message", role=role, **spoken)),
        Happening(end, _of(key, "segment", **segment, **spoken, confidence=confidence)),
    ]


def _graph_of(scene: Scene) -> WalkedGraph:
    """A graph of the two assistants of a scene."""
    first, second = (Stop(name, name) for name in (scene.first, scene.second))
    move = Move(second, "intent", scene.condition)
    return WalkedGraph(f"{scene.first} to {scene.second}", first, {first.key: [move]})


def _walk(random: Random, graph: WalkedGraph, most: int) -> list[Move]:
    """The edges that a call takes, until no other one leaves."""
    walk: list[Move] = []
    node = graph.entry
    while len(walk) < most and (moves := graph.moves.get(node.key)):
        walk.append(moves[0] if len(moves) == 1 else random.choice(moves))
        node = walk[-1].to
    return walk


def _transition(key: str, session: str, step: int, start: Stop, move: Move) -> Fields:
    return _of(
        key,
        "transition",
        session=session,
        key=str(step + 1),
        fromNode=start.key,
        fromAssistantName=start.assistant,
        toNode=move.to.key,
        toAssistantName=move.to.assistant,
        conditionType=move.condition_type,
        matchedCondition=move.condition,
        triggeredBy="llm",
    )


def _ending(key: str, session: str | None, after: float, **more: str) -> list[Happening]:
    """The customer hangs up, and the walk through the graph ends with the call."""
    ended = {
        **_call_fields(key, "completed"),
        "endedReason": "customer-hung-up",
        "endedReasonKind": "customer_hangup",
        "durationMs": round(after * 1_000),
        **more,
    }
    end = {"endedAt": after}
    happenings = [Happening(after, ended, end)]
    if session is not None:
        happenings.append(Happening(after, _of(key, "session", externalId=session), end))
    return happenings


def _bill(random: Random, key: str, seconds: float) -> Fields:
    """What each service takes for so many seconds, in US dollars."""
    entries = [
        {
            "key": service,
            "service": service,
            "amount": f"{round(micros * seconds * random.uniform(0.8, 1.2)) / 1e6:.6f}",
            "usageType": "seconds",
            "usageAmount": f"{seconds:.3f}",
        }
        for service, micros in _MICROS_PER_SECOND.items()
    ]
    return _of(key, "costs", currency="USD", entries=entries)


def _call_fields(key: str, status: str) -> Fields:
    return {"kind": "call", "externalId": key, "channel": "voice", "status": status}


def _of(call: str, kind: str, **fields: Any) -> Fields:
    return {"kind": kind, "call": call, **fields}


def _named(name: str) -> Fields:
    return {"externalId": name.lower().replace(" ", "-"), "name": name}
