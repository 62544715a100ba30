// What the live feed is about to bring by itself: asking for it over HTTP as well would make the server draw it twice.
// Who reads such a thing waits for the feed, and asks when that does not bring it.
import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** The feed has this long; a server that draws a large board takes a part of it. */
const PATIENCE = 3_000;

const keys = new Set<string>();
const disappointed = new Set<() => void>();
const nameOf = (key: QueryKey) => JSON.stringify(key);

export const expected = {
  add: (key: QueryKey) => void keys.add(nameOf(key)),
  /** It does not come: whoever waits asks for it. */
  drop(key: QueryKey): void {
    keys.delete(nameOf(key));
    for (const tell of disappointed) tell();
  },
};

/** What the feed brought for a key; nothing when it is not to be waited for. */
export async function brought<T>(queries: QueryClient, key: QueryKey): Promise<T | undefined> {
  // The feed is begun by the frame, whose effects run after those of what is in it.
  await Promise.resolve();
  const begun = Date.now();
  const fresh = () => {
    const state = queries.getQueryState<T>(key);
    return state?.data !== undefined && state.dataUpdatedAt >= begun ? state.data : undefined;
  };
  if (!keys.has(nameOf(key)) || queries.getQueryData(key) !== undefined) return undefined;

  return new Promise((resolve) => {
    const end = (found: T | undefined) => {
      leave();
      clearTimeout(timer);
      disappointed.delete(look);
      resolve(found);
    };
    const look = () => {
      const found = fresh();
      if (found !== undefined || !keys.has(nameOf(key))) end(found);
    };
    const leave = queries.getQueryCache().subscribe(look);
    const timer = setTimeout(() => end(undefined), PATIENCE);
    disappointed.add(look);
  });
}
