// A feature on the board: what it is, who has it and for how long, why it waits. Never more than three lines of title.
import { type DragEvent, type KeyboardEvent, memo, useEffect, useRef, useState } from "react";
import type { Card, ColumnName } from "@/features/api/shapes";
import { Here } from "@/features/nav/links";
import { Category, Chip, Dot } from "@/ui/Chip";
import { useMoment } from "@/ui/clock";
import { many, since, usd } from "@/ui/format";
import { visible } from "@/ui/visible";
import { statusOf } from "./derive";

export type CardProps = {
  card: Card;
  column: ColumnName;
  selected: boolean;
  marked: boolean;
  isPast: boolean;
  lifted: boolean;
  onDrag?: ((event: DragEvent) => void) | undefined;
  onOver?: ((event: DragEvent) => void) | undefined;
  onDrop?: ((event: DragEvent) => void) | undefined;
  onDragEnd?: (() => void) | undefined;
  onKeyDown?: ((event: KeyboardEvent) => void) | undefined;
};

function Age({ at }: { at: string }) {
  const now = useMoment();
  return <span className="muted nowrap ml-auto">{since(at, now)}</span>;
}

/** What the merge queue does with it. */
const STAGES: Record<string, string> = {
  built: "Built",
  verifying: "Verifying",
  verified: "Verified",
  publishing: "Goes upstream",
};

function Held({ card, column }: Pick<CardProps, "card" | "column">) {
  const { holder } = card;
  const at = card.since;
  if (column === "merging") {
    return (
      <span className="held">
        <Dot kind={card.status === "merging" ? "beat" : "hollow"} />
        <span className="cut">{STAGES[card.entry?.stage ?? ""] ?? "Queued"}</span>
        {at && <Age at={at} />}
      </span>
    );
  }
  if (!holder) return null;
  const name = holder.charAt(0).toUpperCase() + holder.slice(1);
  const model = card.held_by?.kind === "slot" ? card.held_by.model : null;
  return (
    <span className="held">
      <Dot kind="beat" />
      <span className="cut">
        {visible(name)}
        {card.status === "in review" ? " reviews" : ""}
        {model ? ` · ${visible(model)}` : ""}
      </span>
      {at && <Age at={at} />}
    </span>
  );
}

function Badges({ card, column, tries }: { card: Card; column: ColumnName; tries: number }) {
  const blocker = card.blockers[0];
  const waits = column === "backlog" && blocker;
  const again = tries > 0 && column !== "done";
  if (card.stale.length + card.collisions.length === 0 && !waits && !again) return null;
  return (
    <span className="badges">
      {card.stale.length > 0 && (
        <Chip tone="wait" title={visible(card.stale.join("\n"))}>
          Stale
        </Chip>
      )}
      {card.collisions.length > 0 && (
        <Chip tone="wait" title={visible(card.collisions.join("\n"))}>
          Collides
        </Chip>
      )}
      {again && (
        <Chip>{column === "needs_you" ? many(tries, "try", "tries") : `Try ${tries + 1}`}</Chip>
      )}
      {waits && (
        <Chip title={card.blockers.join(", ")}>
          After {blocker}
          {card.blockers.length > 1 ? ` and ${card.blockers.length - 1} more` : ""}
        </Chip>
      )}
    </span>
  );
}

/** True for a moment after what it says changes, but not when it is first shown. */
function useFresh(what: string, isPast: boolean): boolean {
  const before = useRef(what);
  const [fresh, setFresh] = useState(false);
  useEffect(() => {
    if (before.current === what) return;
    before.current = what;
    // Who moves through the past sees every card change.
    if (isPast) return;
    setFresh(true);
    const timer = setTimeout(() => setFresh(false), 600);
    return () => clearTimeout(timer);
  }, [what, isPast]);
  return fresh;
}

function Head({ card }: { card: Card }) {
  return (
    <>
      <span className="top">
        <span className="id">{card.id}</span>
        <span className={`p p${card.priority}`}>P{card.priority}</span>
      </span>
      <span className="t">{visible(card.title)}</span>
    </>
  );
}

export const CardView = memo(function CardView(props: CardProps) {
  const { card, column, selected, marked, lifted } = props;
  const fresh = useFresh(`${card.status} ${card.epoch}`, props.isPast);
  const { said, tone } = statusOf(card.status);
  const note = card.note ?? null;
  const tells = column === "needs_you" || (column === "backlog" && note !== null);
  const tries = card.tries ?? 0;
  const spend = card.micro_usd ?? 0;
  const words = ["card", fresh ? "fresh" : "", lifted ? "lifted" : "", marked ? "marked" : ""];

  return (
    <Here
      search={{ feature: card.id, tab: undefined }}
      className={words.filter(Boolean).join(" ")}
      aria-current={selected ? "true" : undefined}
      draggable={props.onDrag !== undefined}
      data-id={card.id}
      onDragStart={props.onDrag}
      onDragOver={props.onOver}
      onDrop={props.onDrop}
      onDragEnd={props.onDragEnd}
      onKeyDown={props.onKeyDown}
    >
      <Head card={card} />
      {column === "needs_you" && (
        <span className="row">
          <Chip tone={tone}>{said}</Chip>
        </span>
      )}
      {tells && note && <span className="why">{visible(note)}</span>}
      <Held {...props} />
      <Badges card={card} column={column} tries={tries} />
      <span className="foot">
        <Category name={card.category} />
        <span className="sp">{spend ? usd(spend) : column === "done" ? "" : "–"}</span>
      </span>
    </Here>
  );
});
