"""What the platforms' words mean here: why a call ended, and what a call's state is.

The platform's own word is always kept beside the meaning. A word that is not known is `UNKNOWN`,
and a state that is not known never ends a call.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from gql.models.enums import CallStatus


class EndedReasonKind(StrEnum):
    """Why a call ended, in the same words for every platform."""

    CUSTOMER_HANGUP = "customer_hangup"
    ASSISTANT_HANGUP = "assistant_hangup"
    COMPLETED = "completed"
    TRANSFERRED = "transferred"
    TRANSFER_FAILED = "transfer_failed"
    VOICEMAIL = "voicemail"
    IVR = "ivr"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    INVALID_NUMBER = "invalid_number"
    CANCELED = "canceled"
    SILENCE = "silence"
    MAX_DURATION = "max_duration"
    ACCOUNT_LIMIT = "account_limit"
    CONFIGURATION_ERROR = "configuration_error"
    TELEPHONY_ERROR = "telephony_error"
    LLM_ERROR = "llm_error"
    TTS_ERROR = "tts_error"
    STT_ERROR = "stt_error"
    PLATFORM_ERROR = "platform_error"
    UNKNOWN = "unknown"


K = EndedReasonKind
