"""What both doors share of HTTP: strict JSON, media types, refusals."""
