"""What schemathesis does not know by itself: a body of lines is one JSON value a line."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def one_line(ctx, value):
    line = value if isinstance(value, bytes) else json.dumps(value).encode()
    return line + b"\n"
