"""What was said in a demo voice call: messages from the system prompt on, and the transcript."""

from collections.abc import Iterator
from datetime import timedelta

from gql.demo.call_rows import message_row
from gql.demo.chance import every, pick
from gql.demo.sample_text import ANSWERED, ASKED, SYSTEM
from gql.demo.tenant import DemoAssistant, Item, Row, Tenant


def voice_messages(tenant: Tenant, call: Row, assistant: DemoAssistant) -> Iterator[Item]:
    """Messages with indexes from 0, the system prompt, and a stretch of transcript for each other.

    Sets the call's `message_count` and `last_activity`, so the call is yielded after this is done.
    """
    dice = tenant.dice
    spoken = 3 + int(dice.random() * 12)
    pause = timedelta(seconds=(call["duration"] or 120) / (spoken + 1))
    for index in range(spoken + 1):
        role = "system" if index == 0 else ("assistant", "user")[index % 2 == 0]
        content = SYSTEM if index == 0 else pick(dice, ANSWERED if role == "assistant" else ASKED)
        at = call["started_at"] + pause * index
        yield message_row(
            call,
            id=tenant.ids.take("chat_message"),
            index=index,
            role=role,
            content=content,
            timestamp=at,
            assistant=assistant,
            tokens=(120 + 35 * index, len(content) // 4) if role == "assistant" else None,
        )
        if index:
            yield from _stretch(tenant, call, role, content, index, pause)


def _stretch(
    tenant: Tenant, call: Row, speaker: str, content: str, index: int, pause: timedelta
) -> Iterator[Item]:
    """The final hearing of one message, and for one in five the guess before it."""
    start = round(pause.total_seconds() * index, 2)
    end = round(start + len(content) / 15, 2)
    words = content.split()
    if every(5, index, at=2):
        guess = words[0]
        yield transcript_row(
            tenant, call, speaker, guess, start, round(start + 0.4, 2), final=False
        )
    yield transcript_row(
        tenant,
        call,
        speaker,
        content,
        start,
        end,
        confidence=round(0.7 + tenant.dice.random() * 0.3, 4) if index % 4 else None,
        timestamps=(
            [{"word": word, "start": round(start + 0.25 * at, 2)} for at, word in enumerate(words)]
            if index % 3 == 0
            else None
        ),
    )


def transcript_row(
    tenant: Tenant,
    call: Row,
    speaker: str,
    content: str,
    start: float,
    end: float,
    *,
    final: bool = True,
    confidence: float | None = None,
    timestamps: list[Row] | None = None,
) -> Item:
    """One row of `transcript`; `start` and `end` are seconds into the call."""
    return "transcript", {
        "id": tenant.ids.take("transcript"),
        "organization_id": tenant.organization_id,
        "call_id": call["id"],
        "content": content,
        "speaker": speaker,
        "is_final": final,
        "segment_start": start,
        "segment_end": end,
        "confidence": confidence,
        "stt_timestamps": timestamps,
        "created_at": call["started_at"] + timedelta(seconds=end),
    }
