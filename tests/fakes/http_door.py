"""A door of HTTP that answers as it is told, for commands that send."""

import gzip
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def door(*answers):
    """A door that gives these answers (status, body, headers) in turn, the last for ever; ``seen`` = its batches."""
    seen = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            body = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
            seen.append((self.path, json.loads(body)["batch"]))
            status, said, headers = answers[min(len(seen), len(answers)) - 1]
            content = (said(seen[-1][1]) if callable(said) else said).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def taken(batch):
    return json.dumps({"success": True, "accepted": len(batch), "rejected": []})
