"""Acts on whatever says "Approved", as often as it comes. The test kit names the stories that this breaks."""

import json, os, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer


class Consumer(BaseHTTPRequestHandler):
    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))["detail"]
        if event.get("outcome") == "Approved":
            body = json.dumps({"applicationToken": event["applicationToken"], "action": "open account"})
            url = os.environ.get("ACTIONS_URL", "http://127.0.0.1:4600/actions")
            urllib.request.urlopen(urllib.request.Request(url, body.encode()))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Consumer).serve_forever()
