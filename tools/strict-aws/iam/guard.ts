import { callerName, callKey } from "./call.ts";
import type { Caller, IamCall } from "./call.ts";
import { IamJudge } from "./judge.ts";
import type { Verdict } from "./judge.ts";
import { KeyUse } from "./keys.ts";
import type { DeployedPolicies } from "./policies.ts";
import { iamCallOfMissingKey, iamCallsOf } from "./requests.ts";
import type { AwsRequest, Names } from "./requests.ts";

/** A call that IAM refused, for people. */
export interface Denial {
  readonly sentence: string;
  readonly verdict: Verdict;
}

/** Stands between callers and AWS, or what plays it: judges each call, and remembers what it refused. */
export class IamGuard {
  readonly denials: Denial[] = [];
  readonly #deployed: DeployedPolicies;
  readonly #names: Names;
  readonly #judge: IamJudge;
  readonly #keys: KeyUse;
  readonly #onAsked: (calls: readonly IamCall[]) => void;

  /**
   * @param options.names - of what plays the stack's resources, whenever it is made; the resources' own names are known.
   *   @default - none
   * @param options.onAsked - called for each call that IAM checks. @default - not called
   */
  constructor(
    deployed: DeployedPolicies,
    options: {
      readonly names?: Names;
      readonly onAsked?: (calls: readonly IamCall[]) => void;
    } = {},
  ) {
    const { names = new Map<string, string>(), onAsked = () => undefined } = options;
    this.#deployed = deployed;
    this.#onAsked = onAsked;
    const own = new Set(deployed.stack.resources.map(({ logicalId }) => logicalId));
    this.#names = { get: (name) => names.get(name) ?? (own.has(name) ? name : undefined) };
    this.#judge = new IamJudge(deployed);
    this.#keys = new KeyUse(deployed);
  }

  /** @returns why a request is refused; null: it may go on. */
  refusal(request: AwsRequest, caller: Caller): Denial | null {
    const place = { deployed: this.#deployed, names: this.#names };
    return this.#refusalOf(iamCallsOf(request, caller, place));
  }

  /** The same for what S3 asks when a key is not there. */
  refusalOfMissingKey(input: unknown, caller: Caller): Denial | null {
    const place = { deployed: this.#deployed, names: this.#names };
    return this.#refusalOf([iamCallOfMissingKey(input, caller, place)]);
  }

  /** A request that nobody can read has no right that anybody could check. */
  refusalOfUnknown(
    { method, url }: { readonly method: string; readonly url: string },
    caller: Caller,
  ): Denial {
    const call = { caller, action: "unknown:Request", resource: url, conditions: {} };
    const because = "it is no request that is known here";
    const sentence = `${callerName(caller)} ${method} ${url}: ${because}`;
    const denial = { sentence, verdict: { call, isAllowed: false, because } };
    this.denials.push(denial);
    return denial;
  }

  /** All calls that were judged so far. */
  verdicts(): readonly Verdict[] {
    return this.#judge.verdicts();
  }

  #refusalOf(calls: readonly IamCall[]): Denial | null {
    this.#onAsked(calls);
    for (const call of calls.flatMap((one) => [one, ...this.#keys.broughtBy(one)])) {
      const verdict = this.#judge.judge(call);
      if (verdict.isAllowed) continue;
      const denial = { verdict, sentence: `${callKey(call)}: ${verdict.because}` };
      this.denials.push(denial);
      return denial;
    }
    return null;
  }
}
