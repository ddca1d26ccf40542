import { callKey } from "./call.ts";
import { callsOf, FUNCTIONS, roleOf } from "./declared-calls.ts";
import type { PortRights } from "./declared-calls.ts";
import { canCheck, IamJudge } from "./judge.ts";
import type { DeniedMethods } from "./judged-ports.ts";
import { KeyUse } from "./keys.ts";
import type { DeployedPolicies } from "./policies.ts";

/** Judges what the adapters declare, each distinct call once. Nothing is refused where IAM cannot be asked. */
export function deniedMethods(deployed: DeployedPolicies): DeniedMethods {
  if (!canCheck) return new Map();
  const judge = new IamJudge(deployed);
  const keys = new KeyUse(deployed);
  const denied = new Map<string, string>();
  for (const name of ["ingest", "consumer", "poller"] as const) {
    const caller = { role: roleOf(name, deployed) };
    const rights: PortRights = FUNCTIONS[name].rights;
    for (const [port, methods] of Object.entries(rights)) {
      for (const [method, needed] of Object.entries(methods)) {
        const refused = needed
          .flatMap((right) => callsOf(right, caller, deployed))
          .flatMap((call) => [call, ...keys.broughtBy(call)])
          .map((call) => judge.judge(call))
          .find(({ isAllowed }) => !isAllowed);
        if (refused === undefined) continue;
        denied.set([name, port, method].join("."), `${callKey(refused.call)}: ${refused.because}`);
      }
    }
  }
  return denied;
}
