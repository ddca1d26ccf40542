import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

import type { WebhookAnswer, WebhookRequest } from "./deliveries.ts";

interface WebhookClientOptions {
  readonly url: URL;
  /**
   * `Host` to send, where the URL is an address because its name does not resolve on this machine.
   *
   * @default the host of the URL
   */
  readonly host?: string;
}

/**
 * POSTs a webhook as Alloy does: redirects are not followed, and the answer counts once its body has
 * ended, because Alloy's limit is for the entire request.
 */
export function makeWebhookClient(
  options: WebhookClientOptions,
): (webhook: WebhookRequest) => Promise<WebhookAnswer> {
  const { url, host } = options;
  const open = url.protocol === "https:" ? requestHttps : requestHttp;
  return ({ headers, body, signal }) =>
    new Promise((resolve) => {
      const request = open(
        url,
        {
          method: "POST",
          headers: {
            ...headers,
            "content-length": String(Buffer.byteLength(body)),
            ...(host === undefined ? {} : { host }),
          },
          signal,
        },
        (response) => {
          response.on("error", (error) => resolve({ failure: error.message }));
          response.on("end", () => resolve({ status: response.statusCode ?? 0 }));
          response.resume();
        },
      );
      request.on("error", (error) => resolve({ failure: error.message }));
      request.end(body);
    });
}
