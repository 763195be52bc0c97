"""What the pace of a voice call tells, from its transcript: who spoke, how long, and who waited.

A *passage* is what one speaker says until the other one does: stretches of speech in a row, which
the API documents call a turn. A *response time* is from the end of a passage to the start of the
next one, where that is not earlier; where it is, the next speaker interrupted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import fmean, pstdev

from gql.models.enums import Speaker

AWKWARD_SILENCE = 3.0
"""Seconds of silence from which on it is called awkward."""

LOW_CONFIDENCE = 0.7
"""Below it, what was heard is called unsure."""

_DIGITS = 3
"""Decimals of a figure."""


@dataclass(frozen=True)
class Speech:
    """One final stretch of speech.

    Attributes:
        start: Seconds into the call; None when it is not known, as is `end`.
        confidence: From 0 to 1.
    """

    speaker: str
    content: str
    start: float | None
    end: float | None
    confidence: float | None

    @property
    def words(self) -> int:
        """Where words are parted by spaces."""
        return len(self.content.split())


@dataclass(frozen=True)
class Passage:
    """What one speaker says until the other one does."""

    speaker: str
    start: float
    end: float
    words: int

    @property
    def duration(self) -> float:
        return max(self.end - self.start, 0.0)


@dataclass(frozen=True)
class SpeakerMetrics:
    """What concerns one of the two speakers; None where there is nothing to measure it by.

    Attributes:
        response_times: Seconds between the other's passages and those that follow them.
        words_per_minute: Of the time in which the speaker is heard.
        confidence: How sure the speech-to-text is on average.
        share: Per cent of all speech, by time.
    """

    passages: int
    words: int
    response_times: tuple[float, ...]
    average_passage: float | None
    longest_passage: float | None
    words_per_minute: float | None
    words_per_passage: float | None
    speaking_time: float
    confidence: float | None
    share: int | None


@dataclass(frozen=True)
class CallMetrics:
    """What concerns both.

    Attributes:
        silences: Seconds of each stretch between two passages in which nobody speaks.
        silence_share: Per cent of the call in which nobody speaks.
        interruptions: Turns that start before the one before them ends.
        unsure: Stretches of speech below `LOW_CONFIDENCE`.
    """

    customer: SpeakerMetrics
    assistant: SpeakerMetrics
    silences: tuple[float, ...]
    silence_share: float | None
    interruptions: int
    unsure: int

    @property
    def response_times(self) -> tuple[float, ...]:
        """Those of both speakers."""
        return self.customer.response_times + self.assistant.response_times

    @property
    def awkward_silences(self) -> int:
        return sum(silence >= AWKWARD_SILENCE for silence in self.silences)

    @property
    def speaking_time_ratio(self) -> float | None:
        """How long the customer speaks for each second of the assistant."""
        return quotient(self.customer.speaking_time, self.assistant.speaking_time)


def measure(speeches: Sequence[Speech], duration: float | None) -> CallMetrics:
    """The metrics of a call.

    Args:
        speeches: Of the customer and the assistant, in any order; those without a time count for
            words and confidence alone.
        duration: Seconds of the call; None when it goes on, then the last word is its end.
    """
    passages = _passages(speeches)
    gaps = [(after.speaker, after.start - before.end) for before, after in pairwise(passages)]
    silences = tuple(three_decimals(gap) for _, gap in gaps if gap > 0)
    total = duration or max((passage.end for passage in passages), default=0.0)
    spoken = sum(passage.duration for passage in passages)

    def of(speaker: Speaker) -> SpeakerMetrics:
        return _of_speaker(
            [each for each in speeches if each.speaker == speaker],
            [passage for passage in passages if passage.speaker == speaker],
            tuple(three_decimals(gap) for who, gap in gaps if who == speaker and gap >= 0),
            spoken,
        )

    return CallMetrics(
        customer=of(Speaker.USER),
        assistant=of(Speaker.ASSISTANT),
        silences=silences,
        silence_share=quotient(100 * sum(silences), total),
        interruptions=sum(gap < 0 for _, gap in gaps),
        unsure=sum(
            each.confidence is not None and each.confidence < LOW_CONFIDENCE for each in speeches
        ),
    )


def mean(values: Sequence[float]) -> float | None:
    return three_decimals(fmean(values)) if values else None


def spread(values: Sequence[float]) -> float | None:
    """The standard deviation of all values there are."""
    return three_decimals(pstdev(values)) if values else None


def quotient(dividend: float, divisor: float) -> float | None:
    """None where nothing can be divided by the divisor."""
    return three_decimals(dividend / divisor) if divisor > 0 else None


def three_decimals(value: float) -> float:
    """A number, rounded to them."""
    return round(value, _DIGITS)


def _passages(speeches: Sequence[Speech]) -> list[Passage]:
    """The passages in order of their start."""
    timed = [
        (each.start, each.end, each)
        for each in speeches
        if each.start is not None and each.end is not None
    ]
    timed.sort(key=lambda each: each[:2])
    passages = []
    for speaker, group in groupby(timed, lambda each: each[2].speaker):
        stretch = list(group)
        words = sum(speech.words for _, _, speech in stretch)
        passages.append(Passage(speaker, stretch[0][0], max(end for _, end, _ in stretch), words))
    return passages


def _of_speaker(
    speeches: Sequence[Speech],
    passages: Sequence[Passage],
    response_times: tuple[float, ...],
    spoken: float,
) -> SpeakerMetrics:
    durations = [passage.duration for passage in passages]
    time, timed_words = sum(durations), sum(passage.words for passage in passages)
    confidences = [each.confidence for each in speeches if each.confidence is not None]
    share = quotient(100 * time, spoken)
    return SpeakerMetrics(
        passages=len(passages),
        words=sum(each.words for each in speeches),
        response_times=response_times,
        average_passage=mean(durations),
        longest_passage=max(map(three_decimals, durations), default=None),
        words_per_minute=quotient(60 * timed_words, time),
        words_per_passage=quotient(timed_words, len(passages)),
        speaking_time=three_decimals(time),
        confidence=mean(confidences),
        share=None if share is None else round(share),
    )
