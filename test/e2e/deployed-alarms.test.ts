import "./deployed/each-file.ts";
// Beside each other: alarms wait for minutes to end, and the others have queues and tables of their own.
import "./deployed/alarms.ts";
import "./deployed/ports.ts";
// Then one after the other: a person is in every queue.
import "./deployed/consumer-kit.ts";
import "./deployed/person.ts";

/* A stack of its own, in whose dead-letter queue and gaps nobody else has a part. */
