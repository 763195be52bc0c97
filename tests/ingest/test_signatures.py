"""Signatures of webhooks: vectors that were made apart, and every way in which one can be wrong."""

import pytest

from gql.ingest.signatures import (
    BLAND,
    ELEVENLABS,
    RETELL,
    STANDARD,
    TELNYX,
    TWILIO,
    VAPI,
    BadSignatureError,
    Delivery,
    Scheme,
    verify,
)

SIGNED_AT = 1_790_000_000
BODY = b'{"id":"jf_evt_1","type":"call.ended","n":1}'
BODY_SHA256 = "37913f938bbe44fdf538c241b4893ae98d3107347efb688bf6b2f01e86417bcd"
JSON_URL = "https://jf.example.com/hooks/source/ep_1"
TWILIO_URL = "https://jf.example.com/hooks/twilio/ep_1?x=1"
TWILIO_FORM = (
    b"CallSid=CA00000000000000000000000000000001&CallStatus=completed"
    b"&From=%2B15550100001&To=%2B15550100002&CallDuration=42"
)
SHA256_SETTINGS = "key=SharedKey,algorithm=HMAC_SHA256"

# Each was computed outside of Jackfield; the platforms' own packages agree where they have a check.
VECTORS: dict[str, tuple[Scheme, str, Delivery]] = {
    "Retell": (
        RETELL,
        "key_jackfield_test",
        Delivery(
            JSON_URL,
            {
                "x-retell-signature": "v=1790000000000,d="
                "3a8c8b111edb17d249404821e2e27b653150e84b30de164336a990b71862f3b6"
            },
            BODY,
        ),
    ),
    "ElevenLabs": (
        ELEVENLABS,
        "wsec_jackfield_test",
        Delivery(
            JSON_URL,
            {
                "elevenlabs-signature": "t=1790000000,v0="
                "9cb09a16b262f346966736f25623add507eb593e393c036ecd28176e511c6fa1"
            },
            BODY,
        ),
    ),
    "Vapi": (
        VAPI,
        "vapi_jackfield_test",
        Delivery(
            JSON_URL,
            {
                "x-signature": "9ca1895a61ff456096a363ab9c186e944434f09ef05863674327c2e166a4cd81",
                "x-timestamp": "1790000000",
            },
            BODY,
        ),
    ),
    "Bland": (
        BLAND,
        "bland_jackfield_test",
        Delivery(
            JSON_URL,
            {
                "x-webhook-signature": "6549f038593f9502f57a22d8cdf74055"
                "81b448344b0f068a524fef1da6550c00"
            },
            BODY,
        ),
    ),
    "Twilio, a form": (
        TWILIO,
        "twilio_jackfield_test",
        Delivery(TWILIO_URL, {"x-twilio-signature": "uy+MW1YwsGieNfrAyTfnsrwTRAs="}, TWILIO_FORM),
    ),
    "Twilio, a form with SHA-256": (
        TWILIO,
        "twilio_jackfield_test",
        Delivery(
            TWILIO_URL,
            {
                "x-twilio-signature": "oR62A2fVUO452jZwXl2cqVwl0KvebssmRTt0a8OHlLM=",
                "x-twilio-webhooks-signature-settings": SHA256_SETTINGS,
            },
            TWILIO_FORM,
        ),
    ),
    "Twilio, JSON": (
        TWILIO,
        "twilio_jackfield_test",
        Delivery(
            f"https://jf.example.com/hooks/twilio/ep_1?bodySHA256={BODY_SHA256}",
            {"x-twilio-signature": "Ryd1pze+t3bB1Y1EOvYQi9tp7gg="},
            BODY,
        ),
    ),
    "Telnyx": (
        TELNYX,
        "wQQl3nry1RBPtSt8+7ir/GoT4Yg9u4GGXljY4KscpwM=",
        Delivery(
            JSON_URL,
            {
                "telnyx-timestamp": "1790000000",
                "telnyx-signature-ed25519": "DycPiR5CYj7AafHEScfigCvE/mMWMW2naWCImP0mY1UBtWKz64ig"
                "Lc3e4/RiuN1h4q/DyEoFmi8NosQuPvmmAQ==",
            },
            BODY,
        ),
    ),
    "Standard Webhooks": (
        STANDARD,
        "whsec_uWfLzlOUjA31fyYLvqIJt4ORukz17sj7",
        Delivery(
            JSON_URL,
            {
                "webhook-id": "msg_jf_1",
                "webhook-timestamp": "1790000000",
                "webhook-signature": "v1,36nxLGHi/SURgPYuUT1K6qAEmQkV/SPrbUgca5LqPXY=",
            },
            BODY,
        ),
    ),
}
TIMED = [name for name in VECTORS if not name.startswith(("Twilio", "Bland"))]


@pytest.mark.parametrize("name", VECTORS)
def test_a_right_signature_is_taken(name: str) -> None:
    scheme, secret, delivery = VECTORS[name]
    verify(scheme, delivery, [secret], SIGNED_AT + 1)


@pytest.mark.parametrize("name", VECTORS)
def test_either_secret_is_taken_while_one_is_replaced(name: str) -> None:
    scheme, secret, delivery = VECTORS[name]
    _, other, _ = VECTORS["Telnyx" if scheme is not TELNYX else "Standard Webhooks"]
    other = secret[:-4] + "AAA=" if scheme is TELNYX else other
    for secrets in ([other, secret], [secret, other]):
        verify(scheme, delivery, secrets, SIGNED_AT)
    with pytest.raises(BadSignatureError, match="not made with the secret"):
        verify(scheme, delivery, [other], SIGNED_AT)
    with pytest.raises(BadSignatureError, match="not made with the secret"):
        verify(scheme, delivery, [], SIGNED_AT)


@pytest.mark.parametrize("name", VECTORS)
def test_one_changed_byte_of_the_body_is_refused(name: str) -> None:
    scheme, secret, delivery = VECTORS[name]
    forged = delivery._replace(body=delivery.body.replace(b"1", b"2", 1))
    with pytest.raises(BadSignatureError):
        verify(scheme, forged, [secret], SIGNED_AT)


@pytest.mark.parametrize("name", VECTORS)
def test_a_missing_or_foreign_header_is_refused(name: str) -> None:
    scheme, secret, delivery = VECTORS[name]
    for header in delivery.headers:
        for value in (None, "", "v1,", "=", "é", "v1,AAAA", delivery.headers[header][:-1]):
            headers = {key: text for key, text in delivery.headers.items() if key != header}
            if value is not None:
                headers[header] = value
            with pytest.raises(BadSignatureError):
                verify(scheme, delivery._replace(headers=headers), [secret], SIGNED_AT)


@pytest.mark.parametrize("name", TIMED)
def test_a_signature_is_valid_for_a_window_of_time(name: str) -> None:
    scheme, secret, delivery = VECTORS[name]
    for now in (SIGNED_AT + scheme.past, SIGNED_AT - scheme.future):
        verify(scheme, delivery, [secret], now)
    with pytest.raises(BadSignatureError, match="seconds ago"):
        verify(scheme, delivery, [secret], SIGNED_AT + scheme.past + 1)
    with pytest.raises(BadSignatureError, match="in the future"):
        verify(scheme, delivery, [secret], SIGNED_AT - scheme.future - 1)


def test_the_time_that_is_signed_cannot_be_replaced() -> None:
    scheme, secret, delivery = VECTORS["Vapi"]
    later = {**delivery.headers, "x-timestamp": str(SIGNED_AT + 3_600)}
    with pytest.raises(BadSignatureError, match="not made with the secret"):
        verify(scheme, delivery._replace(headers=later), [secret], SIGNED_AT + 3_600)


def test_twilio_signs_the_address() -> None:
    scheme, secret, delivery = VECTORS["Twilio, a form"]
    other = delivery._replace(url=delivery.url.replace("x=1", "x=2"))
    with pytest.raises(BadSignatureError, match="not made with the secret"):
        verify(scheme, other, [secret], SIGNED_AT)
    with_fragment = delivery._replace(url=f"{delivery.url}#rc=3")
    verify(scheme, with_fragment, [secret], SIGNED_AT)


def test_standard_webhooks_takes_one_right_signature_of_several() -> None:
    scheme, secret, delivery = VECTORS["Standard Webhooks"]
    signature = delivery.headers["webhook-signature"]
    several = f"v1a,AAAA v1,{'A' * 43}= {signature}"
    headers = {name.replace("webhook", "svix"): text for name, text in delivery.headers.items()}
    headers["svix-signature"] = several
    verify(scheme, delivery._replace(headers=headers), [secret], SIGNED_AT)
