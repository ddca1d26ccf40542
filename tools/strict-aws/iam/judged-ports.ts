import type { StoreOutcome } from "../../../lambdas/domain/aws-failure.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { aroundCalls } from "../../cloud-in-memory/faults.ts";
import type { FunctionName } from "./declared-calls.ts";

/** What IAM refuses to the methods of the functions' ports: `consumer.store.readState`, and why. */
export type DeniedMethods = ReadonlyMap<string, string>;

/**
 * Ports in memory that refuse what IAM refuses to the adapters in their place. Where nothing is refused they are the
 * same objects: the question costs nothing in a world.
 */
export function judgedPorts<Ports extends object>(
  name: FunctionName,
  ports: Ports,
  denied: DeniedMethods,
): Ports {
  if (denied.size === 0) return ports;
  const judged = Object.entries(ports).map(([port, adapter]: [string, unknown]) => [
    port,
    isObject(adapter) ? judgedPort([name, port].join("."), adapter, denied) : adapter,
  ]);
  return { ...ports, ...Object.fromEntries(judged) };
}

function judgedPort(port: string, adapter: object, denied: DeniedMethods): object {
  return aroundCalls(adapter, (method, call) => {
    const why = denied.get(`${port}.${method}`);
    return why === undefined ? call() : refuse(port, why);
  });
}

/** Ingest's ports answer; the others throw, as their adapters do. */
async function refuse(
  port: string,
  why: string,
): Promise<StoreOutcome | { readonly failure: "denied" }> {
  switch (port) {
    case "ingest.queue":
    case "ingest.payloads":
    case "poller.payloads":
      return { stored: false, cause: "denied" };
    case "ingest.secret":
    case "poller.secret":
      return { failure: "denied" };
  }
  throw new TransientError(`IAM refuses: ${why}`);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
