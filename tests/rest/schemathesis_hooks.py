"""What Schemathesis has to be taught: its process loads this file by `SCHEMATHESIS_HOOKS`."""

import schemathesis

schemathesis.serializer.alias("application/x-ndjson", "text/plain")
