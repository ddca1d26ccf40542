import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { isApproved, parseEvent } from "alloy-journey-webhooks/events";

const accounts = new DatabaseSync(process.env["ACCOUNTS"] ?? "accounts.db");
accounts.exec("CREATE TABLE IF NOT EXISTS account (event_id TEXT PRIMARY KEY, application TEXT)");
// The account and the id of its event are one row, so neither is ever there without the other.
const open = accounts.prepare("INSERT OR IGNORE INTO account VALUES (?, ?)");

async function consume(body: string): Promise<void> {
  const event = parseEvent(body);
  if (isApproved(event) && open.run(event.eventId, event.applicationToken).changes === 1) {
    await report(event.applicationToken);
  }
}

createServer((request, response) => {
  const answer = (status: number) => void response.writeHead(status).end();
  // What cannot be read is delivered again, and then goes to the dead letters.
  text(request)
    .then(consume)
    .then(
      () => answer(204),
      () => answer(500),
    );
}).listen(Number(process.env["PORT"] ?? 8080), "127.0.0.1");

/** For the test kit alone. */
async function report(applicationToken: string): Promise<void> {
  const url = process.env["ACTIONS_URL"] ?? "http://127.0.0.1:4600/actions";
  const body = JSON.stringify({ applicationToken, action: "open account" });
  await fetch(url, { method: "POST", body });
}
