import { vi } from "vitest";

/**
 * Counts operations instead of time, so that a test of how work grows says the same on any machine: reads of watched
 * objects, entries listed, characters written as JSON.
 */
export function makeWorkMeter() {
  let work = 0;
  return {
    /** The same object, each read of which is counted. */
    watch: <Value extends object>(value: Value): Value =>
      new Proxy(value, {
        get(target, key, receiver): unknown {
          work += 1;
          return Reflect.get(target, key, receiver);
        },
      }),
    /** What this work takes. */
    count(run: () => void): number {
      const { entries } = Object;
      const { stringify } = JSON;
      // A merge of states goes through these two.
      const listed = vi.spyOn(Object, "entries").mockImplementation((value: object) => {
        const all = entries(value);
        work += all.length;
        return all;
      });
      const written = vi.spyOn(JSON, "stringify").mockImplementation((value: unknown) => {
        const text = stringify(value);
        work += text.length / 100;
        return text;
      });
      const before = work;
      try {
        run();
      } finally {
        listed.mockRestore();
        written.mockRestore();
      }
      return work - before;
    },
  };
}
