import { LimitRefusal } from "./limit-refusal.ts";

/** A StartReplay, as far as EventBridge judges it (its reference, "StartReplay" and "ReplayDestination"). */
export interface ReplayRequest {
  readonly ReplayName?: string | undefined;
  readonly EventSourceArn?: string | undefined;
  readonly EventStartTime?: string | number | Date | undefined;
  readonly EventEndTime?: string | number | Date | undefined;
  readonly Destination?:
    | { readonly Arn?: string | undefined; readonly FilterArns?: readonly string[] | undefined }
    | undefined;
}

const NAME = /^[.\-_A-Za-z0-9]{1,64}$/;

/**
 * Why EventBridge does not start a replay; null: it does.
 *
 * @param busOf - the bus that an archive is of, by the archive's ARN; null: there is no such archive.
 */
export function replayRefusal(
  request: ReplayRequest,
  busOf: (archiveArn: string) => string | null,
): LimitRefusal | null {
  const { ReplayName = "", EventSourceArn = "", EventStartTime, EventEndTime } = request;
  const { Arn = "", FilterArns = [] } = request.Destination ?? {};
  if (!NAME.test(ReplayName)) return invalid("ReplayName has 1 to 64 of . - _ letters and digits");
  const [start, end] = [EventStartTime, EventEndTime].map((time) =>
    time === undefined ? Number.NaN : new Date(time).getTime(),
  );
  // Also false where one of them is no time.
  if (!((start ?? Number.NaN) < (end ?? Number.NaN))) {
    return invalid("EventStartTime must be before EventEndTime");
  }
  const bus = busOf(EventSourceArn);
  if (bus === null) {
    return new LimitRefusal(
      "parameter",
      "ResourceNotFoundException",
      "Archive does not exist: EventSourceArn names none.",
    );
  }
  if (Arn !== bus) return invalid("Destination.Arn must be the event bus of the archive");
  const rules = `${bus.replace(":event-bus/", ":rule/")}/`;
  const strangers = FilterArns.filter((arn) => !arn.startsWith(rules));
  if (strangers.length === 0) return null;
  return invalid("Destination.FilterArns must name rules of the event bus of the archive");
}

function invalid(reason: string): LimitRefusal {
  return new LimitRefusal(
    "parameter",
    "ValidationException",
    `1 validation error detected: ${reason}`,
  );
}
