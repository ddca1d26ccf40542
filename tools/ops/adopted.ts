import { BatchGetItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import { applicationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import type { ConnectedStack } from "./stack.ts";

/**
 * How an application of the file stands:
 * - `absent`: not in the table; `unchecked`: the poller has not compared it with Alloy;
 * - `forgotten`: its tombstone is there, and nothing of it is taken up any more;
 * - `differs`: something was missing at its last check; `unknown`: Alloy does not know it;
 * - `agrees`: the last check found all of Alloy's events here, and the same status and outcome.
 */
export type Standing = "absent" | "unchecked" | "forgotten" | "differs" | "unknown" | "agrees";

export interface Standings {
  readonly standing: Standing;
  /** It was adopted; false for one that was known otherwise, and for an absent one. */
  readonly isAdopted: boolean;
}

const number = v.optional(v.number());

const StateSchema = v.object({
  pk: v.string(),
  adopted: v.optional(v.object({ at: v.number() })),
  checkedAt: number,
  forgottenAt: number,
  unknownSince: number,
  unsettledSince: number,
  gapSince: number,
});

/** `BatchGetItem`'s most. */
const MOST_KEYS = 100;

/** @returns how each of the applications stands, by its token. */
export async function standingsOf(
  stack: ConnectedStack,
  tokens: readonly string[],
): Promise<ReadonlyMap<string, Standings>> {
  const standings = new Map<string, Standings>(
    tokens.map((token) => [token, { standing: "absent", isAdopted: false }]),
  );
  for (let from = 0; from < tokens.length; from += MOST_KEYS) {
    for (const item of await readStates(stack, tokens.slice(from, from + MOST_KEYS))) {
      const { pk, adopted, ...rest } = v.parse(StateSchema, item);
      const token = pk.slice(applicationKey("").pk.length);
      standings.set(token, { standing: standingOf(rest), isAdopted: adopted !== undefined });
    }
  }
  return standings;
}

function standingOf(
  state: Omit<v.InferOutput<typeof StateSchema>, "pk" | "adopted">,
): Exclude<Standing, "absent"> {
  if (state.forgottenAt !== undefined) return "forgotten";
  if (state.unknownSince !== undefined) return "unknown";
  if (state.checkedAt === undefined) return "unchecked";
  return state.unsettledSince === undefined && state.gapSince === undefined ? "agrees" : "differs";
}

async function readStates(
  { dynamo, applicationTableName }: ConnectedStack,
  tokens: readonly string[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const items: Readonly<Record<string, unknown>>[] = [];
  let keys = tokens.map((token) => marshall(applicationKey(token)));
  while (keys.length > 0) {
    const { Responses = {}, UnprocessedKeys = {} } = await dynamo.send(
      new BatchGetItemCommand({
        RequestItems: {
          [applicationTableName]: {
            Keys: keys,
            ProjectionExpression: Object.keys(StateSchema.entries).join(", "),
            ConsistentRead: true,
          },
        },
      }),
    );
    items.push(...(Responses[applicationTableName] ?? []).map((item) => unmarshall(item)));
    keys = UnprocessedKeys[applicationTableName]?.Keys ?? [];
  }
  return items;
}
