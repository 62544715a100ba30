// A word with a tone. The word is always there: colour alone says nothing.
import type { ReactNode } from "react";
import { hue } from "./format";

export type Tone = "" | "go" | "look" | "merge" | "done" | "wait" | "alarm";

export function Chip({ tone = "", title, dot, children }: ChipProps) {
  return (
    <span className={`chip ${tone}`} title={title}>
      {dot && <Dot kind={dot} />}
      {children}
    </span>
  );
}
type ChipProps = { tone?: Tone; title?: string; dot?: DotKind; children: ReactNode };

export type DotKind = "full" | "hollow" | "beat";

/** A dot that breathes where something really runs, is hollow where nothing does. */
export function Dot({ kind, tone }: { kind: DotKind; tone?: Tone | "ink-3" }) {
  const colour = tone ? `tone-${tone}` : "";
  return <span className={`dot ${kind === "full" ? "" : kind} ${colour}`} />;
}

/** A category: its name and a square in the hue that belongs to the name. */
export function Category({ name }: { name: string }) {
  if (!name) return <span className="tiny muted">no category</span>;
  return <span className={`cat c${hue(name)} cut`}>{name}</span>;
}
