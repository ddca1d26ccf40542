import { createServer } from "node:http";
import { text } from "node:stream/consumers";

import * as v from "valibot";

import { forPrograms, listen } from "../guard/listen.ts";

/** What a consumer reports when it has acted: `POST` of `{"applicationToken": "JA-…", "action"?: "…"}`. */
const ActionSchema = v.object({
  applicationToken: v.string(),
  /** In the consumer's own words, such as "open account". */
  action: v.optional(v.string(), "the action"),
});

export type Action = v.InferOutput<typeof ActionSchema>;

/** Where the consumer under test reports its actions, each when it has done it. */
export interface ActionLog {
  readonly url: string;
  readonly of: (applicationToken: string) => readonly Action[];
  readonly all: () => readonly Action[];
  readonly stop: () => Promise<void>;
}

/**
 * Listens for actions on 127.0.0.1.
 *
 * @throws Error of the system when the port is taken.
 */
export async function startActionLog(port: number): Promise<ActionLog> {
  const actions: Action[] = [];
  const server = createServer(
    forPrograms((request, response) => {
      const take = async () => {
        const read = readAction(await text(request));
        if (read === null) {
          response
            .writeHead(400, { "content-type": "text/plain" })
            .end(
              'An action is JSON such as {"applicationToken":"JA-…","action":"open account"}.\n',
            );
          return;
        }
        actions.push(read);
        response.writeHead(204).end();
      };
      void take();
    }),
  );
  const { url, stop } = await listen(server, port);
  return {
    url: `${url}/actions`,
    of: (applicationToken) => actions.filter((one) => one.applicationToken === applicationToken),
    all: () => actions,
    stop,
  };
}

function readAction(body: string): Action | null {
  try {
    const parsed = v.safeParse(ActionSchema, JSON.parse(body));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // The answer says what an action looks like.
  }
}
