import {
  InvalidParameterException,
  InvalidRequestException,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

const InputSchema = v.object({
  SecretId: v.string(),
  VersionId: v.optional(v.string()),
  VersionStage: v.optional(v.string()),
  ClientRequestToken: v.optional(v.string()),
  SecretString: v.optional(v.string()),
  VersionStages: v.optional(v.array(v.string())),
  MoveToVersionId: v.optional(v.string()),
  RemoveFromVersionId: v.optional(v.string()),
  IncludeDeprecated: v.optional(v.boolean()),
});

type Input = v.InferOutput<typeof InputSchema>;

interface Version {
  readonly id: string;
  readonly text: string;
  readonly at: number;
  readonly stages: Set<string>;
}

/**
 * One secret of Secrets Manager with its versions and labels, as its API reference has them ("PutSecretValue",
 * "UpdateSecretVersionStage"): a version never changes, a label is on one version alone, and a label moves only from
 * the version that the call names.
 *
 * @param onWrite - is told each value that becomes the current one.
 */
export function memorySecrets(text: string, onWrite: (text: string) => void = () => undefined) {
  /** The time of what happens next, in epoch milliseconds. */
  const clock = { now: Date.UTC(2026, 10, 1) };
  const versions: Version[] = [
    { id: "first-version-of-this-secret-0001", text, at: clock.now, stages: new Set([CURRENT]) },
  ];
  const calls: string[] = [];
  /** Called before each operation; what it throws is the operation's failure. */
  const hooks: {
    onCall: (call: string) => void | Promise<void>;
    /** Called after it; what it throws is as an answer that was lost. */
    onAnswer: (call: string) => void;
  } = { onCall: () => undefined, onAnswer: () => undefined };
  const labelled = (stage: string) => versions.find(({ stages }) => stages.has(stage));

  const client = answered(
    new SecretsManagerClient({ region: "us-east-1" }),
    async (given, commandName): Promise<object> => {
      const operation = commandName.replace("Command", "");
      const input = v.parse(InputSchema, given);
      calls.push(operation);
      await hooks.onCall(operation);
      const answer = answerTo(operation, input);
      hooks.onAnswer(operation);
      return answer;
    },
  );

  function answerTo(operation: string, input: Input): object {
    switch (operation) {
      case "GetSecretValue": {
        const { VersionId, VersionStage = CURRENT } = input;
        const version =
          VersionId === undefined
            ? labelled(VersionStage)
            : versions.find(({ id }) => id === VersionId);
        if (version === undefined) throw notFound();
        const { id, text: SecretString, at, stages } = version;
        const CreatedDate = new Date(at);
        return { SecretString, VersionId: id, CreatedDate, VersionStages: [...stages] };
      }
      case "ListSecretVersionIds": {
        const { IncludeDeprecated = false } = input;
        const Versions = versions
          .filter(({ stages }) => IncludeDeprecated || stages.size > 0)
          .map(({ id, at, stages }) => ({
            VersionId: id,
            CreatedDate: new Date(at),
            VersionStages: [...stages],
          }));
        return { Versions };
      }
      case "PutSecretValue":
        return put(input);
      case "UpdateSecretVersionStage":
        return move(input);
      default:
        throw new Error(`${operation} is not known here.`);
    }
  }

  function put({ ClientRequestToken: id = "", SecretString, VersionStages = [CURRENT] }: Input) {
    if (id.length < 32 || id.length > 64) throw badParameter("ClientRequestToken has 32 to 64.");
    if (SecretString === undefined) throw new InvalidRequestException(said("No value was given."));
    if (VersionStages.length === 0) throw badParameter("VersionStages has at least one.");
    const existing = versions.find((one) => one.id === id);
    if (existing !== undefined && existing.text !== SecretString) {
      throw new ResourceExistsException(said("A version cannot be changed."));
    }
    const version = existing ?? { id, text: SecretString, at: clock.now, stages: new Set() };
    if (existing === undefined) versions.push(version);
    for (const stage of VersionStages) attach(stage, version);
    return { VersionId: id, VersionStages: [...version.stages] };
  }

  function putText(SecretString: string): void {
    put({ SecretId: "", ClientRequestToken: crypto.randomUUID(), SecretString });
  }

  function move({ VersionStage = "", MoveToVersionId, RemoveFromVersionId }: Input) {
    const holder = labelled(VersionStage);
    if (RemoveFromVersionId !== undefined && holder?.id !== RemoveFromVersionId) {
      throw badParameter(`${VersionStage} is not on the version ${RemoveFromVersionId}.`);
    }
    if (RemoveFromVersionId === undefined && holder !== undefined) {
      throw badParameter(`${VersionStage} is on another version: say on which.`);
    }
    if (MoveToVersionId === undefined) {
      if (VersionStage === CURRENT) throw badParameter(`${CURRENT} must be on a version.`);
      holder?.stages.delete(VersionStage);
      return {};
    }
    const next = versions.find(({ id }) => id === MoveToVersionId);
    if (next === undefined) throw notFound();
    attach(VersionStage, next);
    return {};
  }

  function attach(stage: string, version: Version): void {
    const holder = labelled(stage);
    if (holder === version) return;
    holder?.stages.delete(stage);
    version.stages.add(stage);
    if (stage !== CURRENT) return;
    if (holder !== undefined) attach(PREVIOUS, holder);
    onWrite(version.text);
  }

  return {
    client,
    clock,
    calls,
    hooks,
    /** As `aws secretsmanager put-secret-value` does it: without a look at what is there. */
    put: (secret: unknown) => putText(JSON.stringify(secret)),
    putText,
    /** The value that ingest reads. */
    text: () => labelled(CURRENT)?.text ?? "",
  };
}

const CURRENT = "AWSCURRENT";
const PREVIOUS = "AWSPREVIOUS";

const said = (message: string) => ({ message, $metadata: {} });

function badParameter(message: string): InvalidParameterException {
  return new InvalidParameterException(said(message));
}

function notFound(): ResourceNotFoundException {
  return new ResourceNotFoundException(said("Secrets Manager can't find it."));
}
