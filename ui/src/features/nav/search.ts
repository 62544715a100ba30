// Everything that the address says: filters, layers, the instant. Parsed once from plain text; what makes no sense is
// as if it was not there.
import type { At } from "@/features/api/pending";

export const VIEWS = ["board", "list", "graph"] as const;
export const TABS = ["story", "request", "diff", "evidence", "sessions"] as const;
export type View = (typeof VIEWS)[number];
export type Tab = (typeof TABS)[number];

export type Search = {
  at?: number | string;
  feature?: string;
  tab?: Tab;
  add?: true;
  view?: View;
  q?: string;
  cat?: string;
  label?: string;
  holder?: string;
  p?: number;
  stale?: true;
  sort?: string;
  col?: string;
  entry?: number;
  slot?: number;
  session?: string;
  show?: string;
  line?: number;
  event?: number;
  type?: string;
  stream?: string;
  principal?: string;
  correlation?: string;
  all?: true;
  project?: string;
  kind?: string;
  item?: string;
  step?: string;
  mode?: string;
  resume?: string;
  range?: string;
  next?: string;
};

const LONGEST = 300;
const text = (value: unknown) =>
  typeof value === "string" && value !== "" && value.length <= LONGEST ? value : undefined;

function whole(value: unknown, from: number): number | undefined {
  const said = typeof value === "number" ? String(value) : text(value);
  if (!said || !/^\d{1,15}$/.test(said)) return undefined;
  const n = Number(said);
  return n >= from ? n : undefined;
}

const set = (value: unknown) => (value === "1" || value === true ? (true as const) : undefined);
const one = <T extends string>(value: unknown, of: readonly T[]) =>
  of.find((known) => known === value);

/** A position, or a time as RFC 3339 has it. */
function instant(value: unknown): number | string | undefined {
  const position = whole(value, 1);
  if (position !== undefined) return position;
  const said = text(value);
  return said && /^\d{4}-\d\d-\d\dT/.test(said) && !Number.isNaN(Date.parse(said))
    ? said
    : undefined;
}

/** Reads the search of an address. */
export function searchOf(raw: Record<string, unknown>): Search {
  const words = [
    "feature",
    "q",
    "cat",
    "label",
    "holder",
    "sort",
    "col",
    "session",
    "show",
    "type",
    "stream",
  ] as const;
  const more = [
    "principal",
    "correlation",
    "project",
    "kind",
    "item",
    "step",
    "mode",
    "resume",
    "range",
    "next",
  ] as const;
  const found: Search = {
    at: instant(raw.at),
    tab: one(raw.tab, TABS),
    view: one(raw.view, VIEWS),
    add: set(raw.add),
    stale: set(raw.stale),
    all: set(raw.all),
    p: whole(raw.p, 0),
    entry: whole(raw.entry, 1),
    slot: whole(raw.slot, 1),
    line: whole(raw.line, 1),
    event: whole(raw.event, 1),
  };
  for (const word of [...words, ...more]) found[word] = text(raw[word]);
  return clean(found);
}

/** Without what is not set. */
export function clean(search: Search): Search {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== undefined && value !== ""),
  );
}

/** The text of an address's search. */
export function written(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value === undefined || value === null || value === "") continue;
    params.set(name, value === true ? "1" : String(value));
  }
  const said = params.toString();
  return said ? `?${said}` : "";
}

export function parsed(text: string): Record<string, unknown> {
  return Object.fromEntries(new URLSearchParams(text));
}

export const atOf = (search: Search): At => search.at ?? null;
