// The newest events, as far back as they were read: the dock and the log draw from it. It grows at the end with the
// feed and at the beginning when somebody looks further back; between its first and last position nothing is missing.
import { useEffect } from "react";
import { client, must } from "@/features/api/client";
import type { EventShape } from "@/features/api/shapes";
import { create } from "@/ui/store";

/** How far back is read at first, and how much is kept. */
const FIRST_READ = 5_000;
const KEPT = 20_000;
const PAGE = 1_000;

export type Book = {
  /** In the log's order, without a hole. */
  events: readonly EventShape[];
  /** Everything after this position is here. */
  after: number | null;
  loading: boolean;
};

/** Adds events at the end, each once. What does not follow on what is there would leave a hole: it begins anew. */
export function appended(have: Book, more: readonly EventShape[]): Book {
  const last = have.events.at(-1)?.position ?? have.after ?? -1;
  const fresh = more.filter((event) => event.position > last);
  const first = fresh[0];
  if (!first) return have;
  if (have.after !== null && first.position > last + 1)
    return { ...have, events: fresh, after: first.position - 1 };
  const events = [...have.events, ...fresh];
  const cut = Math.max(0, events.length - KEPT);
  const after = cut > 0 ? (events[cut - 1]?.position ?? have.after) : have.after;
  return { ...have, events: cut > 0 ? events.slice(cut) : events, after };
}

/** Adds what lies before. */
export function prepended(have: Book, more: readonly EventShape[], after: number): Book {
  const first = have.events[0]?.position ?? Number.POSITIVE_INFINITY;
  return {
    ...have,
    events: [...more.filter((event) => event.position < first), ...have.events],
    after,
  };
}

const store = create<Book>({ events: [], after: null, loading: false });
let begun = false;
let early: EventShape[] = [];

async function range(after: number, until: number): Promise<EventShape[]> {
  const found: EventShape[] = [];
  let from = after;
  while (from < until) {
    const query = { after: from, limit: Math.min(PAGE, until - from) };
    const page = await must(client.GET("/api/v1/events", { params: { query } }));
    found.push(...(page.events as EventShape[]).filter((event) => event.position <= until));
    if (page.next <= from) break;
    from = page.next;
  }
  return found;
}

async function start(head: number): Promise<void> {
  if (begun) return;
  begun = true;
  store.set({ ...store.get(), loading: true });
  const after = Math.max(0, head - FIRST_READ);
  try {
    const events = await range(after, head);
    store.set(appended({ events, after, loading: false }, early));
    early = [];
  } catch {
    begun = false;
    store.set({ ...store.get(), loading: false });
  }
}

async function earlier(): Promise<void> {
  const { after, loading } = store.get();
  if (loading || after === null || after === 0) return;
  store.set({ ...store.get(), loading: true });
  const from = Math.max(0, after - 2 * PAGE);
  try {
    const events = await range(from, after);
    store.set({ ...prepended(store.get(), events, from), loading: false });
  } catch {
    store.set({ ...store.get(), loading: false });
  }
}

function add(events: EventShape[]): void {
  // What comes while the first pages are read waits for them.
  if (store.get().after === null) early.push(...events);
  else store.set(appended(store.get(), events));
}

/** Everything read so far is of a log that is not there any more. */
function forget(): void {
  begun = false;
  early = [];
  head = null;
  store.set({ events: [], after: null, loading: false });
}

/** The first pages are read when a screen needs them, and otherwise once the page has nothing better to do. */
const LEISURE = 3_000;
let head: number | null = null;
let atLeisure = false;
let wanted = false;

function known(position: number): void {
  head ??= position;
  if (begun) return;
  if (wanted) void start(head);
  if (atLeisure) return;
  atLeisure = true;
  setTimeout(want, LEISURE);
}

function want(): void {
  wanted = true;
  if (head !== null) void start(head);
}

function use(): Book {
  useEffect(want, []);
  return store.use();
}

export const book = {
  ...store,
  use,
  start: known,
  earlier: () => void earlier(),
  add,
  forget,
};
