"""What both doors share of HTTP: headers, request id, body, strict JSON, media types, refusals."""
