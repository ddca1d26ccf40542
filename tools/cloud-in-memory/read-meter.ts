import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";

/** What was read, by DynamoDB's rules (developer guide: "DynamoDB read and write operations"). */
export interface Read {
  /** The commands that read, and how often each was sent. */
  readonly commands: ReadonlyMap<string, number>;
  /** Read units: half a unit per started 4 KB of what a request went through, twice that when consistent. */
  readonly units: number;
}

/** A query that finds nothing is billed like one that finds little; dynalite says 0. */
const LEAST_UNITS = 0.5;

const ConsumedSchema = v.object({ ConsumedCapacity: v.object({ CapacityUnits: v.number() }) });

/**
 * Has the table say what each read of this client used up, and adds it up.
 *
 * @returns `taken`: what was read since the last time that it was asked.
 */
export function meterReadUnits(client: DynamoDBClient): { readonly taken: () => Read } {
  let commands = new Map<string, number>();
  let units = 0;
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        if (!/^(Get|Query|Scan|BatchGet|TransactGet|ExecuteStatement)/.test(commandName)) {
          return next(args);
        }
        commands.set(commandName, (commands.get(commandName) ?? 0) + 1);
        Object.assign(args.input, { ReturnConsumedCapacity: "TOTAL" });
        const result = await next(args);
        const { ConsumedCapacity } = v.parse(ConsumedSchema, result.output);
        units += Math.max(LEAST_UNITS, ConsumedCapacity.CapacityUnits);
        return result;
      },
    { step: "initialize" },
  );
  return {
    taken() {
      const read = { commands, units };
      [commands, units] = [new Map(), 0];
      return read;
    },
  };
}
