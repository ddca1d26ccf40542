import type { ApplicationStore, Merged } from "../../lambdas/domain/ports.ts";

/** A port each of whose calls goes through this function. @param around - may call, or not, or more than once. */
export function aroundCalls<Port extends object>(
  port: Port,
  around: (method: string, call: () => unknown, given: readonly unknown[]) => unknown,
): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...given: readonly unknown[]) =>
        around(String(name), () => Reflect.apply(member, target, given), given);
    },
  });
}

/** The same port, but for these methods. */
export function withMethods<Port extends object>(port: Port, others: Partial<Port>): Port {
  const methods = new Map<string | symbol, unknown>(Object.entries(others));
  return new Proxy(port, {
    get(target, name) {
      if (methods.has(name)) return methods.get(name);
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      const method = (...given: readonly unknown[]): unknown =>
        Reflect.apply(member, target, given);
      methods.set(name, method);
      return method;
    },
  });
}

/** Methods of a store; where the merge is another one, several observations are merged by it too, one after the other. */
export function oneByOne<Methods extends Partial<ApplicationStore>>(
  methods: Methods,
): Methods & Partial<Pick<ApplicationStore, "mergeEach">> {
  const { mergeState } = methods;
  if (mergeState === undefined) return methods;
  return {
    async mergeEach(steps) {
      const merged: Merged[] = [];
      for (const { observation, check } of steps) merged.push(await mergeState(observation, check));
      return merged;
    },
    ...methods,
  };
}

type Instead<Method> = Method extends (...given: infer Given) => infer Result
  ? (call: () => Result, ...given: Given) => Result
  : never;

/** A port whose methods can be made to fail, and put right. */
export class FaultyPort<Port extends object> {
  /** For whoever is to meet the faults. */
  readonly port: Port;
  readonly #instead = new Map<string, (call: () => unknown, ...given: never[]) => unknown>();

  constructor(port: Port) {
    this.port = aroundCalls(port, (method, call, given) => {
      const instead = this.#instead.get(method);
      return instead === undefined ? call() : Reflect.apply(instead, null, [call, ...given]);
    });
  }

  /** What the method does from now on. @returns a function that puts it right. */
  on<Name extends keyof Port & string>(method: Name, instead: Instead<Port[Name]>): () => void {
    this.#instead.set(method, instead);
    return () => void this.#instead.delete(method);
  }

  /** What the method's next call does; it is right after that. @returns a function that puts it right before. */
  once<Name extends keyof Port & string>(method: Name, instead: Instead<Port[Name]>): () => void {
    const next = (...given: readonly unknown[]): unknown => {
      this.#instead.delete(method);
      return Reflect.apply(instead, null, given);
    };
    this.#instead.set(method, next);
    return () => void this.#instead.delete(method);
  }
}
