import { INGEST_MESSAGES } from "./ingest-messages.ts";

/**
 * Every log message of the Lambdas: a code to search for, and its sentence.
 * Codes are `area.subject.outcome`. No sentence holds anything of a body, a header or a secret.
 */
export const MESSAGES = {
  ...INGEST_MESSAGES,
  "consumer.record.failed": "A record goes back to the queue.",
  "consumer.record.dead-lettered": "No retry can help this record; it is in the dead-letter queue.",
  "consumer.record.stuck":
    "A record that no retry can help could not be dead-lettered; it goes back to the queue.",
  "consumer.record.postponed":
    "Too little time is left for this record; it goes back to the queue.",
  "consumer.record.cut-off":
    "A call for this record did not end in time; it goes back to the queue.",
  "consumer.event.in-conflict": "Another invocation is processing this event; it comes back soon.",
  "consumer.event.unremembered":
    "The event has had its effect, and that could not be noted; it comes back, and may be published once more.",
  "consumer.event.ignored": "The configuration asks to drop this event.",
  "consumer.event.unrecognised": "Alloy sent something that its documentation does not know.",
  "consumer.environment.mixed":
    "This is of another environment than the stage; it is kept apart and not published.",
  "poller.run.ended": "The poller has ended a run.",
  "poller.run.stopped": "This run asks Alloy nothing more; what is left comes first in the next.",
  "poller.call.failed": "A call of Alloy's API failed; `cause` says how.",
  "poller.check.failed": "A check could not be ended; the application is due again.",
  "poller.check.unanswered": "Alloy did not answer for this application; it is asked again later.",
  "poller.application.unknown":
    "Alloy does not know this application, or not by this account; it is asked again later.",
  "poller.application.status-unrecognised":
    "Alloy's answer has a status that its documentation does not know; the rest of the answer is used.",
  "poller.end.left-open":
    "Ends of this application are withheld, and nobody knows the status that Alloy answers; they are not published.",
  "poller.application.other-environment":
    "Alloy says that this application is of another environment than the stage; nothing is done about it.",
  "poller.run.knows-nobody":
    "Alloy answered, and knew none of the applications that this run asked for; nothing is given up.",
  "poller.witness.unkept":
    "The last application that Alloy knew could not be read or written; this run gives nothing up.",
  "poller.application.shared-ids":
    "Events of Alloy's list have one id and different tokens; the first that came has its effect, Alloy's answer corrects it.",
  "poller.application.unreadable-events":
    "Alloy's event list has elements that name no type or no time.",
  "poller.application.behind":
    "Alloy has more of this application than we have; what can be queued is in the queue now.",
  "poller.investigation.behind":
    "Alloy has more of this Investigation than we have; what can be queued is in the queue now.",
  "poller.investigation.state-unrecognised":
    "Alloy's list has an Investigation in a state that its documentation does not know.",
  "poller.investigation.failed":
    "An Investigation could not be compared with Alloy's list; the next run tries it again.",
  "poller.investigations.unlisted":
    "Alloy's list of Investigations could not be read; the next run tries it again.",
  "poller.investigations.unread":
    "Elements of Alloy's list of Investigations name no Investigation.",
  "poller.envelope.refused":
    "What Alloy has and we have not could not be queued; a later check tries it again.",
  "poller.gap.untold": "The bus did not take the notice of a gap; the next check tells of it.",
  "poller.delivery.unreadable":
    "The metrics of API Gateway, ingest and the queue could not be read; stages of gaps are guesses in this run.",
  "poller.outcomes.unreadable":
    "How outcomes compare with a window before could not be read; its rule says nothing in this run.",
  "poller.secret.unreadable":
    "The secret of Alloy's API could not be read; the cached one, if any, stays in use.",
  "poller.secret.malformed":
    'The secret of Alloy\'s API is not {"token":"…","secret":"…"}; the cached one, if any, stays in use.',
  "poller.secret.placeholder":
    "The secret of Alloy's API holds a text of the documentation instead of a key; the cached one, if any, stays in use.",
  "consumer.failure.unrecorded":
    "The evidence of a failure could not be written; the failure itself is handled.",
} as const;

export type MessageCode = keyof typeof MESSAGES;
