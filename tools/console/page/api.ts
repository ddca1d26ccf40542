/** The server of the page, with the token of the page's address. */

const token = new URLSearchParams(location.search).get("token") ?? "";

/** Reads a path of the API. @throws Error with the server's own sentence. */
export function get<Value>(path: string): Promise<Value> {
  return send(path, { method: "GET" });
}

/** Has the server do something. @throws Error with the server's own sentence. */
export function post<Value>(path: string, body: unknown): Promise<Value> {
  return send(path, { method: "POST", body: JSON.stringify(body) });
}

/** A path with what is asked of it. */
export function pathOf(path: string, asked: Readonly<Record<string, string>>): string {
  return `${path}?${new URLSearchParams(asked).toString()}`;
}

async function send<Value>(
  path: string,
  options: { readonly method: string; readonly body?: string },
): Promise<Value> {
  const type = options.body === undefined ? {} : { "content-type": "application/json" };
  const headers = { ...type, "x-console-token": token };
  const response = await fetch(path, { ...options, headers });
  if (!response.ok) throw new Error(refusalIn(await response.json(), response.status));
  // The server and the page are bundled from one type.
  return response.json();
}

function refusalIn(answered: unknown, status: number): string {
  if (typeof answered === "object" && answered !== null && "refused" in answered) {
    return String(answered.refused);
  }
  return `The console answered ${status}.`;
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
