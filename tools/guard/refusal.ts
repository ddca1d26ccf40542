import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Names of this machine; `host.docker.internal` is its name in a container. Nobody else's DNS answers for them: a page that
 * has its own name point to 127.0.0.1 (DNS rebinding) sends that name.
 */
const THIS_MACHINE =
  /^(?:(?:[a-z0-9_-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\]|host\.docker\.internal)(?::\d{1,5})?$/i;

/** A typed address, and a page of the server itself. `same-site` is another port of this machine: another program. */
const OWN_SITE = ["none", "same-origin"];

/**
 * Whether a request comes from a web page of somebody else, which a browser on this machine has open.
 *
 * A browser tells with each request which page made it (`Origin`, `Sec-Fetch-Site`, `Referer`; Fetch Standard, Fetch Metadata).
 * Programs send none of these: the AWS SDKs, the CDK CLI, curl, Alloy.
 *
 * @returns why it is refused; null when it is taken.
 */
export function refusalOf(
  request: Pick<IncomingMessage, "headersDistinct" | "url">,
): string | null {
  const {
    host: hosts = [],
    origin,
    referer,
    "sec-fetch-site": sites = [],
  } = request.headersDistinct;
  const [host = "", ...more] = hosts;
  if (more.length > 0 || !THIS_MACHINE.test(host)) {
    return "its Host is no name of this machine";
  }
  // A target with a host of its own would be served under that one.
  if (request.url?.startsWith("/") !== true) return "its target is no path";
  if (!sites.every((site) => OWN_SITE.includes(site))) return "a page of another site made it";
  const pages = [...(origin ?? []), ...(referer ?? [])];
  return pages.every((page) => isOf(page, host)) ? null : "a page of another origin made it";
}

function isOf(page: string, host: string): boolean {
  const url = URL.parse(page);
  return url !== null && url.protocol === "http:" && url.host === host.toLowerCase();
}

/** Answers a request that `refusalOf` refuses. */
export function refuse(incoming: IncomingMessage, response: ServerResponse, why: string): void {
  incoming.resume();
  response
    .writeHead(403, { "content-type": "application/json", connection: "close" })
    .end(JSON.stringify({ refused: `This server is for programs of this machine: ${why}.` }));
}
