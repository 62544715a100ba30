// One clock for every age on the page: it ticks once a second while somebody looks, so that a hundred cards make
// one timer and not a hundred.
import { useSyncExternalStore } from "react";
import { create } from "./store";

let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** The present second, in milliseconds since the Unix epoch. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** The time of the instant that is looked at, while that is one of the past. */
export const stoodAt = create<number | null>(null);

/** The second from which ages are counted: in the past, what had run for a minute then has run for a minute. */
export function useMoment(): number {
  const now = useNow();
  return stoodAt.use() ?? now;
}
