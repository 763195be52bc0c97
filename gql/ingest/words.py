"""What the platforms' words mean here: why a call ended, and what state it is in.

The platform's own word is always kept beside its meaning. A word that is not in these tables means
`UNKNOWN`, and a state that is not in them never ends a call.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from gql.models.enums import CallStatus, EndedReasonKind

FAILED_KINDS = frozenset(
    {
        EndedReasonKind.NO_ANSWER,
        EndedReasonKind.BUSY,
        EndedReasonKind.REJECTED,
        EndedReasonKind.BLOCKED,
        EndedReasonKind.INVALID_NUMBER,
        EndedReasonKind.CANCELED,
        EndedReasonKind.ACCOUNT_LIMIT,
        EndedReasonKind.CONFIGURATION_ERROR,
        EndedReasonKind.TELEPHONY_ERROR,
        EndedReasonKind.LLM_ERROR,
        EndedReasonKind.TTS_ERROR,
        EndedReasonKind.STT_ERROR,
        EndedReasonKind.PLATFORM_ERROR,
    }
)
"""Reasons with which a call failed. With any other, one that was connected is completed."""


def ended_status(kind: EndedReasonKind) -> CallStatus:
    """Whether a call that ended so was completed or failed."""
    return CallStatus.FAILED if kind in FAILED_KINDS else CallStatus.COMPLETED


Meaning = Callable[[str], EndedReasonKind]
"""The meaning of a platform's word for the end of a call."""


def _by_word(words: Mapping[EndedReasonKind, Sequence[str]]) -> Meaning:
    """The meaning of exact words."""
    kinds = {word: kind for kind, of_kind in words.items() for word in of_kind}
    return lambda word: kinds.get(word, EndedReasonKind.UNKNOWN)


def _by_pattern(patterns: Sequence[tuple[str, EndedReasonKind]]) -> Meaning:
    """The meaning by the first pattern that a word contains; patterns are regular expressions."""
    compiled = [(re.compile(pattern), kind) for pattern, kind in patterns]

    def meaning(word: str) -> EndedReasonKind:
        matches = (kind for pattern, kind in compiled if pattern.search(word))
        return next(matches, EndedReasonKind.UNKNOWN)

    return meaning


RETELL_REASONS = _by_word(
    {
        EndedReasonKind.CUSTOMER_HANGUP: ["user_hangup"],
        EndedReasonKind.ASSISTANT_HANGUP: ["agent_hangup"],
        EndedReasonKind.COMPLETED: ["user_requested_dnc", "user_requested_callback"],
        EndedReasonKind.TRANSFERRED: ["call_transfer", "transfer_bridged", "call_take_over"],
        EndedReasonKind.TRANSFER_FAILED: ["transfer_cancelled"],
        EndedReasonKind.VOICEMAIL: ["voicemail_reached"],
        EndedReasonKind.IVR: ["ivr_reached"],
        EndedReasonKind.NO_ANSWER: [
            "dial_no_answer",
            "error_user_not_joined",
            "registered_call_timeout",
        ],
        EndedReasonKind.BUSY: ["dial_busy"],
        EndedReasonKind.REJECTED: ["user_declined"],
        EndedReasonKind.BLOCKED: ["scam_detected", "marked_as_spam", "network_blocked"],
        EndedReasonKind.INVALID_NUMBER: ["invalid_destination"],
        EndedReasonKind.CANCELED: ["manual_stopped"],
        EndedReasonKind.SILENCE: ["inactivity", "error_no_audio_received"],
        EndedReasonKind.MAX_DURATION: ["max_duration_reached"],
        EndedReasonKind.ACCOUNT_LIMIT: [
            "concurrency_limit_reached",
            "no_concurrency_fallback",
            "no_valid_payment",
            "credit_exhausted",
            "budget_reached",
        ],
        EndedReasonKind.TELEPHONY_ERROR: [
            "dial_failed",
            "telephony_provider_permission_denied",
            "telephony_provider_unavailable",
            "sip_routing_error",
        ],
        EndedReasonKind.LLM_ERROR: [
            "error_llm_websocket_open",
            "error_llm_websocket_lost_connection",
            "error_llm_websocket_runtime",
            "error_llm_websocket_corrupt_payload",
        ],
        EndedReasonKind.STT_ERROR: ["error_asr"],
        EndedReasonKind.PLATFORM_ERROR: ["error_retell", "error_unknown"],
    }
)
"""Retell's `disconnection_reason`."""

TWILIO_REASONS = _by_word(
    {
        EndedReasonKind.COMPLETED: ["completed"],
        EndedReasonKind.NO_ANSWER: ["no-answer"],
        EndedReasonKind.BUSY: ["busy"],
        EndedReasonKind.CANCELED: ["canceled"],
        EndedReasonKind.TELEPHONY_ERROR: ["failed"],
    }
)
"""Twilio's `CallStatus`, which is all that it says of a call's end."""

TELNYX_REASONS = _by_word(
    {
        EndedReasonKind.COMPLETED: ["normal_clearing"],
        EndedReasonKind.NO_ANSWER: ["no_answer", "timeout"],
        EndedReasonKind.BUSY: ["user_busy"],
        EndedReasonKind.REJECTED: ["call_rejected"],
        EndedReasonKind.INVALID_NUMBER: ["not_found"],
        EndedReasonKind.CANCELED: ["originator_cancel"],
        EndedReasonKind.MAX_DURATION: ["time_limit"],
    }
)
"""Telnyx's `hangup_cause`; who hung up stands in `hangup_source`."""

# The order decides: many of Vapi's words name a vendor of models beside what has failed.
VAPI_REASONS = _by_pattern(
    [
        ("-llm-failed", EndedReasonKind.LLM_ERROR),
        (
            r"^customer-ended-call|caller-hungup-before-call-connect$",
            EndedReasonKind.CUSTOMER_HANGUP,
        ),
        (
            (
                r"^assistant-ended-call|^assistant-said-end-call-phrase$"
                r"|^call\.(ending|ringing)\.hook-executed-say$"
            ),
            EndedReasonKind.ASSISTANT_HANGUP,
        ),
        (
            r"^assistant-forwarded-call|hook-executed-transfer$|returned-forwarding-phone-number$",
            EndedReasonKind.TRANSFERRED,
        ),
        (r"transfer-failed$|-warm-transfer-|^call\.forwarding\.", EndedReasonKind.TRANSFER_FAILED),
        ("^voicemail$", EndedReasonKind.VOICEMAIL),
        ("^customer-did-not-answer$", EndedReasonKind.NO_ANSWER),
        ("^customer-busy$", EndedReasonKind.BUSY),
        ("misdialed$|unallocated-number$", EndedReasonKind.INVALID_NUMBER),
        (
            "^manually-canceled$|^scheduled-call-deleted$|^call-deleted$",
            EndedReasonKind.CANCELED,
        ),
        (
            (
                "^silence-timed-out$|did-not-receive-customer-audio$"
                "|^customer-did-not-give-microphone-permission$"
            ),
            EndedReasonKind.SILENCE,
        ),
        ("^exceeded-max-duration$", EndedReasonKind.MAX_DURATION),
        (
            (
                r"^call\.start\.error-(subscription|fraud-check|enterprise|.*concurrency|.*credits)"
                "|number-international|daily-limit"
            ),
            EndedReasonKind.ACCOUNT_LIMIT,
        ),
        (
            "twilio-completed-call$|sip-completed-call$|^vonage-completed$",
            EndedReasonKind.COMPLETED,
        ),
        (
            (
                r"^assistant-(request|not)-|^assistant-join-timed-out$|version-error|configfault"
                r"|^call\.start\.error-get-(?!transport)|neither-assistant-nor-server"
            ),
            EndedReasonKind.CONFIGURATION_ERROR,
        ),
        ("transcriber|^.*deepgram-returning|assembly-ai", EndedReasonKind.STT_ERROR),
        ("transport|^twilio-|^vonage-|sip-|^phone-call-provider-", EndedReasonKind.TELEPHONY_ERROR),
        (
            "voice|eleven-labs|cartesia|playht|minimax|rime-ai|lmnt|hume|neuphonic|smallest-ai",
            EndedReasonKind.TTS_ERROR,
        ),
        (
            (
                "model|openai|anthropic|google|groq|together-ai|azure|mistral|deep-seek|xai|cerebras"
                "|perplexity|inflection|anyscale|openrouter|bedrock|custom-llm|runpod"
            ),
            EndedReasonKind.LLM_ERROR,
        ),
        (
            "vapifault|^worker-|^pipeline-error-vapi-|tavus|^call.in-progress.error",
            EndedReasonKind.PLATFORM_ERROR,
        ),
    ]
)
"""Vapi's `endedReason`: some six hundred words, which patterns tell apart."""


SMS_UNKNOWN = "unknown"
"""The status of an SMS whose carrier's word is not in the table, or of which none was said."""

_SMS_PROGRESS: Sequence[Mapping[str, Sequence[str]]] = (
    {},
    {"accepted": ["accepted"], "scheduled": ["scheduled"]},
    {"queued": ["queued"]},
    {"sending": ["sending", "receiving"]},
    {"sent": ["sent"]},
    {
        "delivered": ["delivered", "partially_delivered"],
        "undelivered": ["undelivered", "delivery_failed", "expired"],
        "failed": ["failed", "sending_failed"],
        "canceled": ["canceled"],
        "delivery_unconfirmed": ["delivery_unconfirmed"],
        "received": ["received", "webhook_delivered"],
    },
    {"read": ["read"]},
)
"""By how far an SMS has come: our words, and those of carriers.

https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks and
https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
"""

_SMS_WORDS = {
    word: (level, status)
    for level, words in enumerate(_SMS_PROGRESS)
    for status, theirs in words.items()
    for word in theirs
}


def sms_progress(word: str | None) -> tuple[int, str]:
    """How far an SMS has come with a carrier's word, and our word; 0 for one that is not known."""
    return _SMS_WORDS.get((word or "").lower(), (0, SMS_UNKNOWN))
