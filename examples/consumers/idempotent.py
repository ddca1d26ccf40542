import json, os, sqlite3, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

accounts = sqlite3.connect(os.environ.get("ACCOUNTS", "accounts.db"))
accounts.execute("CREATE TABLE IF NOT EXISTS account (event_id TEXT PRIMARY KEY, application TEXT)")


class Consumer(BaseHTTPRequestHandler):
    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))["detail"]
        if event["version"] == 1 and event.get("route") == "approved":
            # The account and the id of its event are one row, so neither is ever there without the other.
            row = (event["eventId"], event["applicationToken"])
            with accounts:
                opened = accounts.execute("INSERT OR IGNORE INTO account VALUES (?, ?)", row).rowcount == 1
            if opened:
                report(event["applicationToken"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def report(application):  # for the test kit alone
    body = json.dumps({"applicationToken": application, "action": "open account"}).encode()
    url = os.environ.get("ACTIONS_URL", "http://127.0.0.1:4600/actions")
    urllib.request.urlopen(urllib.request.Request(url, body))


HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Consumer).serve_forever()
