import type { ConsumerSettings } from "../settings.ts";
import type { Subject } from "./work.ts";

/**
 * Whether configuration asks to drop it: an event type that is not handled, or a Journey that is not
 * accepted. What Alloy's documentation does not know is never dropped by its type.
 */
export function isIgnored(subject: Subject, settings: ConsumerSettings): boolean {
  const { kind } = subject;
  switch (kind) {
    case "journey-event":
      return (
        settings.ignoredEventTypes.includes(subject.event.type) ||
        !acceptsJourney(subject.event.journeyToken, settings)
      );
    case "submission":
      return !acceptsJourney(subject.submission.journeyToken, settings);
    case "correction": {
      const { journeyToken } = subject.correction.snapshot;
      return journeyToken !== null && !acceptsJourney(journeyToken, settings);
    }
    case "foreign-webhook":
      return false;
  }
}

function acceptsJourney(journeyToken: string, { journeys }: ConsumerSettings): boolean {
  return journeys.length === 0 || journeys.includes(journeyToken);
}
