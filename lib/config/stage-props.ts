import { PRODUCTION, SANDBOX } from "./default-stages.ts";
import { perRoute } from "./per-route.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import type { RouteConfiguration, StageConfiguration } from "./stage-configuration.ts";
import { prove } from "../proofs/prove.ts";
import { validate } from "./validate-stage.ts";

/**
 * A stage as a caller says it: what it leaves out is as it is shipped, which is `PRODUCTION` for the environment `live` and
 * `SANDBOX` for the other. {@link StageConfiguration} says what each setting means. Times are in milliseconds.
 */
export interface StageProps extends Pick<StageConfiguration, "stage" | "environment"> {
  /** @default - the API of the environment, with the key itself as its credential */
  readonly alloy?: Partial<StageConfiguration["alloy"]>;
  /** @default - all Journeys */
  readonly journeys?: StageConfiguration["journeys"];
  /** @default - all event types but `visited_node` */
  readonly events?: StageConfiguration["events"];
  /** @default "secret" */
  readonly auth?: StageConfiguration["auth"];
  /** @default - Alloy's published addresses, observed and not enforced */
  readonly allowList?: Partial<StageConfiguration["allowList"]>;
  /** @default - from any `Source` but ours */
  readonly submissions?: StageConfiguration["submissions"];
  /** @default - every route is published into a queue of its own; of `live`, all but `progressed` */
  readonly routes?: Readonly<Partial<Record<RouteId, Partial<RouteConfiguration>>>>;
  /** @default "off" */
  readonly investigations?: StageConfiguration["investigations"];
  /** @default - no Journey differs */
  readonly journeyRoutes?: StageConfiguration["journeyRoutes"];
  /** @default - a run each five minutes; the first check after ten minutes, then less and less often */
  readonly polling?: Partial<StageConfiguration["polling"]>;
  /** @default - missing after two minutes, an alarm after fifteen */
  readonly gaps?: Partial<StageConfiguration["gaps"]>;
  /** @default - no rules */
  readonly notifications?: StageConfiguration["notifications"];
  /** `live` needs a channel for `page`, or `channels: "none"`. @default - no channel */
  readonly alarms?: Partial<StageConfiguration["alarms"]>;
  /** @default - events forever, logs a month (of `live`: three), payloads 40 days, statements seven years */
  readonly retention?: Partial<StageConfiguration["retention"]>;
  /** @default "aws-managed" */
  readonly encryption?: StageConfiguration["encryption"];
  /** @default "policies" */
  readonly people?: StageConfiguration["people"];
  /** @default - API Gateway's own name */
  readonly domain?: StageConfiguration["domain"];
  /** @default - `live` retains, the other one destroys */
  readonly removal?: StageConfiguration["removal"];
  /** @default "reserved" */
  readonly concurrency?: StageConfiguration["concurrency"];
  /** @default - `live` by parts ("canary"), the other one at once */
  readonly rollout?: StageConfiguration["rollout"];
  /** @default - the usual settings */
  readonly expected?: NonNullable<StageConfiguration["expected"]>;
  /** @default "full" */
  readonly footprint?: "full" | "lean";
  /** @default 0 */
  readonly batchWindowSeconds?: number;
  /** @default "filters" */
  readonly counting?: "filters" | "functions";
  /** @default false */
  readonly schemaRegistry?: boolean;
  /** @default - none */
  readonly archive?: { readonly retentionDays: number };
  /** @default - "off", and "on" for the sandbox */
  readonly entityIndex?: "off" | "on";
}

/**
 * The whole configuration of a stage, checked.
 *
 * @throws ConfigurationError with one sentence per mistake.
 */
export function stageOf(props: StageProps): StageConfiguration {
  const base = props.environment === "live" ? PRODUCTION : SANDBOX;
  const stage = validate({
    ...base,
    ...props,
    alloy: { ...base.alloy, ...props.alloy },
    allowList: { ...base.allowList, ...props.allowList },
    // Before, those that are no routes: the check names them.
    routes: {
      ...props.routes,
      ...perRoute((id) => ({ ...base.routes[id], ...props.routes?.[id] })),
    },
    polling: { ...base.polling, ...props.polling },
    gaps: { ...base.gaps, ...props.gaps },
    alarms: { ...base.alarms, ...props.alarms },
    retention: { ...base.retention, ...props.retention },
  });
  prove(stage);
  return stage;
}
