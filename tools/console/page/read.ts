import { useEffect, useState } from "preact/hooks";

import { get, sentenceOf } from "./api.ts";

/** The last answer; null before the first one. And why the newest one is not here; null when it is. */
interface Read<Value> {
  readonly value: Value | null;
  readonly failure: string | null;
}

/**
 * What the server answers for a path; it is asked again whenever the path or the tick changes, and the last answer stays
 * until the next one is here.
 *
 * @param path - null: nothing is asked.
 */
export function useRead<Value>(path: string | null, tick: number): Read<Value> {
  const [read, setRead] = useState<Read<Value>>({ value: null, failure: null });
  useEffect(() => {
    let isCurrent = true;
    const ask = async () => {
      if (path === null) return;
      try {
        const value = await get<Value>(path);
        if (isCurrent) setRead({ value, failure: null });
      } catch (error) {
        if (isCurrent) setRead((last) => ({ ...last, failure: sentenceOf(error) }));
      }
    };
    void ask();
    return () => {
      isCurrent = false;
    };
  }, [path, tick]);
  return read;
}
