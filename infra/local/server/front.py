"""What does somebody see who opens the local endpoint? Where to send, with which key, and where to look."""

import html
import re

from infra.local.server.http import Request, Response

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>segue local</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{{margin:3rem auto;max-width:62rem;padding:0 1rem}}
pre{{white-space:pre-wrap;font:1rem/1.6 ui-monospace,monospace}}</style><pre>{text}</pre></html>
"""

TEXT = """segue local: all of Segue on this machine. What you send is gone when it ends.

Two doors, one contract
  Segment-compatible SDKs   host {url}, write key {key}
  AWS SDKs and CLI          endpoint {url}, events:PutEvents on bus {bus}

Try it
  curl -u {key}: {url}/v1/track \\
    -d '{{"userId": "u1", "event": "Order Completed",
         "properties": {{"order_id": "1001", "revenue": 40, "currency": "EUR"}}}}'

Look
  {url}/_local/world.json    people, links, enrolments, decisions, messages
                             and what was refused (quarantined) or looks wrong (warnings), with field and rule
  {url}/_local/events.json   every event as it was understood, and whose it is
"""


def front(request: Request, url: str, key: str, bus: str) -> Response:
    """A page for browsers, the same text for everybody else."""
    text = TEXT.format(url=url, key=key, bus=bus)
    if "text/html" not in request.headers.get("accept", ""):
        return Response(200, {"content-type": "text/plain; charset=utf-8"}, text.encode())
    linked = re.sub(r"http://\S+\.json", r'<a href="\g<0>">\g<0></a>', html.escape(text))
    return Response(200, {"content-type": "text/html; charset=utf-8"}, PAGE.format(text=linked).encode())
