/** The server of the page, with the token of the page's address. */

const token = new URLSearchParams(location.search).get("token") ?? "";

/** Reads something of the API. @throws Error with the server's own sentence. */
export function get<Value>(path: string, asked: Readonly<Record<string, string>> = {}) {
  const query = new URLSearchParams(asked).toString();
  return send<Value>(query === "" ? path : `${path}?${query}`, { method: "GET" });
}

/** Has the server do something. @throws Error with the server's own sentence. */
export function post<Value>(path: string, body: unknown) {
  return send<Value>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function send<Value>(path: string, options: RequestInit): Promise<Value> {
  const headers = { ...options.headers, "x-console-token": token };
  const response = await fetch(path, { ...options, headers });
  const answered: unknown = await response.json();
  if (!response.ok)
    throw new Error(refusalIn(answered) ?? `The console answered ${response.status}.`);
  // The server and the page are bundled from one type.
  return answered as Value;
}

function refusalIn(answered: unknown): string | null {
  if (typeof answered !== "object" || answered === null || !("refused" in answered)) return null;
  return String(answered.refused);
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
