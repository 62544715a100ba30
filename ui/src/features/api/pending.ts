// What the screens need and the API does not say yet, in one place. Every field is optional: the interface shows that
// it is not known, and never computes a stand-in. When the API has a field, it goes from here.
import type { components } from "./schema.gen";

type S = components["schemas"];

export type Milestone = {
  step: number;
  state: "due" | "settled";
  position: number;
  at: string;
  checked?: number | null;
  findings?: number | null;
  report?: string | null;
  session?: string | null;
};

export type Card = S["Card"];
export type ColumnName = keyof S["Columns"];
export type Columns = Record<ColumnName, Card[]>;
export type Project = Omit<S["ProjectShape"], "needs"> & { needs: Need[] };

type PendingNeed = { id: string; since: string | null; options: string[] };
export type Need = S["NeedShape"] & Partial<PendingNeed>;

type PendingSlot = { last: { at: string; text: string; kind: string } | null };
export type Slot = S["SlotShape"] & Partial<PendingSlot>;

type PendingBoard = { milestones: Milestone[] };
export type Board = Omit<S["Board"], "columns" | "project" | "slots"> &
  Partial<PendingBoard> & { columns: Columns; project: Project; slots: Slot[] };

export type Feature = S["FeatureShape"];

type PendingEntry = { position: number; usual_ms: number | null };
export type Entry = S["EntryShape"] & Partial<PendingEntry>;

/** The parameter that asks for the state at an instant. */
export function past(at: At): Record<never, never> {
  return at === null ? {} : { at };
}

/** An instant that is looked at: a position or a time; none is now. */
export type At = number | string | null;
