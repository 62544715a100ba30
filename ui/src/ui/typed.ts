// What was typed and not sent yet, by what it is for: this browser keeps it while the form is closed, the page is left or
// loaded again, and the server is away. Whoever signs out takes it along.
import { useCallback } from "react";
import { kept, type Store } from "./store";

const PREFIX = "typed.";
const stores = new Map<string, Store<unknown>>();

function storeOf<T>(key: string, first: T): Store<T> {
  const known = stores.get(key) as Store<T> | undefined;
  if (known) return known;
  const store = kept(`${PREFIX}${key}`, first);
  stores.set(key, store as Store<unknown>);
  return store;
}

/** What is typed for something; `first`, one and the same value at every call, is as if nothing was. */
export function useTyped<T>(key: string, first: T): [typed: T, change: (next: T) => void] {
  const store = storeOf(key, first);
  return [store.use(), useCallback((next: T) => store.set(next), [store])];
}

/** Everything that was typed here is gone. */
export function forgetTyped(): void {
  stores.clear();
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith(`supercargo.${PREFIX}`)) localStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}
