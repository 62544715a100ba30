// The smallest store there is: a value, who listens, and a hook. For what is neither in the URL nor on the server.
import { useSyncExternalStore } from "react";

export type Store<T> = {
  get: () => T;
  set: (value: T) => void;
  subscribe: (listener: () => void) => () => void;
  use: () => T;
};

export function create<T>(first: T): Store<T> {
  let value = first;
  const listeners = new Set<() => void>();
  const get = () => value;
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  return {
    get,
    subscribe,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(subscribe, get),
  };
}

/** One that the browser keeps under this key; what cannot be read is as if it was never there, and `first` is not kept. */
export function kept<T>(key: string, first: T): Store<T> {
  let from = first;
  try {
    const text = localStorage.getItem(`supercargo.${key}`);
    if (text !== null) from = JSON.parse(text) as T;
  } catch {
    // A browser that keeps nothing still shows everything.
  }
  const store = create(from);
  store.subscribe(() => {
    try {
      if (Object.is(store.get(), first)) localStorage.removeItem(`supercargo.${key}`);
      else localStorage.setItem(`supercargo.${key}`, JSON.stringify(store.get()));
    } catch {
      // As above.
    }
  });
  return store;
}
