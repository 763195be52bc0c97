"""What the platforms' words for the end of a call mean."""

import pytest

from gql.ingest.words import (
    FAILED_KINDS,
    RETELL_REASONS,
    TELNYX_REASONS,
    TWILIO_REASONS,
    VAPI_REASONS,
    ended_status,
)
from gql.models.enums import EndedReasonKind


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("customer-ended-call", "customer_hangup"),
        ("assistant-ended-call-after-message-spoken", "assistant_hangup"),
        ("assistant-said-end-call-phrase", "assistant_hangup"),
        ("assistant-forwarded-call", "transferred"),
        ("assistant-ended-call-with-hangup-task", "assistant_hangup"),
        ("call.in-progress.error-warm-transfer-max-duration", "transfer_failed"),
        ("voicemail", "voicemail"),
        ("customer-did-not-answer", "no_answer"),
        ("customer-busy", "busy"),
        ("twilio-reported-customer-misdialed", "invalid_number"),
        ("manually-canceled", "canceled"),
        ("silence-timed-out", "silence"),
        ("exceeded-max-duration", "max_duration"),
        ("call.start.error-subscription-concurrency-limit-reached", "account_limit"),
        ("call.in-progress.error-sip-completed-call", "completed"),
        ("assistant-request-returned-error", "configuration_error"),
        ("assistant-not-found", "configuration_error"),
        ("call.start.error-get-assistant", "configuration_error"),
        ("call.start.error-get-transport", "telephony_error"),
        ("twilio-failed-to-connect-call", "telephony_error"),
        ("call.in-progress.error-vapifault-openai-llm-failed", "llm_error"),
        ("pipeline-error-openai-voice-failed", "tts_error"),
        ("pipeline-error-deepgram-transcriber-failed", "stt_error"),
        ("pipeline-error-vapi-403-model-access-denied", "llm_error"),
        ("call.in-progress.error-vapifault-worker-died", "platform_error"),
        ("a-word-of-tomorrow", "unknown"),
        ("", "unknown"),
    ],
)
def test_vapi(word: str, kind: str) -> None:
    assert VAPI_REASONS(word) == kind


def test_the_words_of_the_others() -> None:
    assert RETELL_REASONS("dial_busy") == "busy"
    assert RETELL_REASONS("a_word_of_tomorrow") == "unknown"
    assert TWILIO_REASONS("no-answer") == "no_answer"
    assert TELNYX_REASONS("originator_cancel") == "canceled"


def test_a_call_fails_unless_it_was_connected() -> None:
    completed = {kind.value for kind in EndedReasonKind if ended_status(kind) == "completed"}
    assert completed == {
        *("customer_hangup", "assistant_hangup", "completed", "transferred", "transfer_failed"),
        *("voicemail", "ivr", "silence", "max_duration", "unknown"),
    }
    assert len(FAILED_KINDS) + len(completed) == len(EndedReasonKind) == 23
