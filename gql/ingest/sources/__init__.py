"""The systems that send webhooks, one file each."""

from gql.ingest.sources import documented, elevenlabs, retell, telnyx, twilio, vapi

SOURCES = (
    documented.SOURCE,
    vapi.SOURCE,
    retell.SOURCE,
    elevenlabs.SOURCE,
    twilio.SOURCE,
    telnyx.SOURCE,
)
