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

export type HeldBy =
  | { kind: "slot"; n: number; session: string; role: string; model: string | null }
  | { kind: "outside"; principal: string };

type PendingCard = {
  since: string;
  spend: number;
  tries: number;
  labels: string[];
  rank: number;
  note: string | null;
  held_by: HeldBy | null;
  entry: number | null;
  stage: string | null;
};
export type Card = S["Card"] & Partial<PendingCard>;
export type ColumnName = keyof S["Columns"];
export type Columns = Record<ColumnName, Card[]>;

type PendingProject = {
  spend: number;
  busy: number;
  started: string | null;
  completed: string | null;
  last: { position: number; at: string; text: string; feature: string | null } | null;
  milestones: Milestone[];
};
export type Project = Omit<S["ProjectShape"], "needs"> &
  Partial<PendingProject> & { needs: Need[] };

type PendingNeed = {
  id: string;
  title: string;
  since: string | null;
  position: number | null;
  feature: string | null;
  entry: number | null;
  slot: number | null;
  session: string | null;
  options: string[];
  actions: string[];
};
export type Need = S["NeedShape"] & Partial<PendingNeed>;

type PendingSlot = {
  since: string;
  model: string | null;
  epoch: number | null;
  lease_left_ms: number | null;
  last: { at: string; text: string; kind: string } | null;
  spend: number;
};
export type Slot = S["SlotShape"] & Partial<PendingSlot>;

type PendingBoard = {
  at: string;
  started: string | null;
  spend: number;
  milestones: Milestone[];
  busy: number;
};
export type Board = Omit<S["Board"], "columns" | "project" | "slots"> &
  Partial<PendingBoard> & { columns: Columns; project: Project; slots: Slot[] };

type PendingFeature = {
  since: string;
  spend: number;
  tries: number;
  depends_on: { id: string; title: string; status: string }[];
  comments: { by: string; at: string; position: number; text: string }[];
  note: string | null;
};
export type Feature = S["FeatureShape"] & Partial<PendingFeature>;

type PendingEntry = { position: number; usual_ms: number | null };
export type Entry = S["EntryShape"] & Partial<PendingEntry>;

/** The parameter that asks for the state at an instant. */
export function past(at: At): Record<never, never> {
  return at === null ? {} : { at };
}

/** An instant that is looked at: a position or a time; none is now. */
export type At = number | string | null;
