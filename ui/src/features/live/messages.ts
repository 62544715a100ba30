// What the feed sends, read once into a type; what makes no sense is left out and counted as nothing.
import type { Board, Card, EventShape, Project, Slot } from "@/features/api/shapes";

/** What changed on a board. The feed's messages are not in the API's description, so their shapes stand here. */
export type BoardChanges = {
  project?: Project;
  slots?: Slot[];
  placed?: { column: string; before: string | null; card: Card }[];
  gone?: string[];
  position: number;
};

export type Sent =
  | { type: "event"; position: number; event: EventShape }
  | { type: "head"; position: number; at?: string; now?: string }
  | { type: "board"; board: Board }
  | { type: "board_changes"; changes: BoardChanges }
  | { type: "projects"; projects: Project[] }
  | { type: "project_changes"; changes: { projects: Project[]; gone: string[] } }
  | { type: "pong" };

const KNOWN = new Set([
  "event",
  "head",
  "board",
  "board_changes",
  "projects",
  "project_changes",
  "pong",
]);

/** A message, or nothing when it is of no kind that is known here. */
export function read(text: string): Sent | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("type" in value)) return null;
    return KNOWN.has(String(value.type)) ? (value as Sent) : null;
  } catch {
    return null;
  }
}
