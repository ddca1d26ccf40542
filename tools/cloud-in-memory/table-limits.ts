import { applicationKey, eventKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { indexedAttributesOf } from "../../lambdas/adapters/dynamo/external-ids.ts";
import type { ApplicationState } from "../../lambdas/domain/application/application-state.ts";
import { PermanentError } from "../../lambdas/domain/errors.ts";
import type { EventRecord } from "../../lambdas/domain/ports.ts";
import type { Attributes } from "../strict-aws/attribute-size.ts";
import type { LimitRefusal } from "../strict-aws/limit-refusal.ts";
import { indexRefusal, keyRefusal } from "../strict-aws/limits-of-dynamo-db.ts";
import { APPLICATION_TABLE_KEYS } from "../strict-aws/table-keys.ts";

/** @throws PermanentError as the adapter does: an event whose key DynamoDB does not take. */
export function checkEventKey({ applicationToken, eventId, at }: EventRecord): void {
  const key = textsOf(eventKey(applicationToken, eventId, at));
  translate("Recording an event", keyRefusal(key, APPLICATION_TABLE_KEYS));
}

/** @throws PermanentError as the adapter does: a state whose key, or whose key in an index, DynamoDB does not take. */
export function checkStateKeys(state: ApplicationState): void {
  const key = textsOf(applicationKey(state.applicationToken));
  translate(
    "Merging into an application's state",
    keyRefusal(key, APPLICATION_TABLE_KEYS) ??
      indexRefusal(textsOf(indexedAttributesOf(state)), APPLICATION_TABLE_KEYS),
  );
}

function textsOf(attributes: Readonly<Record<string, string>>): Attributes {
  const texts: Record<string, { readonly S: string }> = {};
  for (const name in attributes) texts[name] = { S: attributes[name] ?? "" };
  return texts;
}

function translate(what: string, refusal: LimitRefusal | null): void {
  if (refusal === null) return;
  throw new PermanentError(`${what} failed: ${refusal.name}`, { cause: refusal });
}
