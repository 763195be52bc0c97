"""The systems that send webhooks, one file each."""

from gql.ingest.sources import documented, elevenlabs, generic, retell, telnyx, twilio, vapi

SOURCES = (
    documented.SOURCE,
    vapi.SOURCE,
    retell.SOURCE,
    elevenlabs.SOURCE,
    twilio.SOURCE,
    telnyx.SOURCE,
    generic.SOURCE,
)

SOURCE_BY_NAME = {source.name: source for source in SOURCES}
