// Moving cards in the backlog, by pointer and by keyboard: Space lifts, arrows move, Space drops, Esc puts back. What
// is dropped elsewhere is refused with the reason.
import { useQueryClient } from "@tanstack/react-query";
import { type DragEvent, type KeyboardEvent, useCallback, useState } from "react";
import { useAction } from "@/features/api/action";
import { ApiError } from "@/features/api/problem";
import { boardQuery, featuresQuery } from "@/features/api/queries";
import type { Board, Card } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { CHANGES_MAX, placed, type Ranked } from "./rank";

type Lift = { id: string; from: number; to: number };
export const NOT_HERE = "Only a claim moves it there: a slot or a person takes it and hands it in.";

function moved(board: Board, id: string, to: number): Board {
  const card = board.columns.backlog.find((one) => one.id === id);
  if (!card) return board;
  const backlog = board.columns.backlog.filter((one) => one.id !== id);
  backlog.splice(to, 0, card);
  return { ...board, columns: { ...board.columns, backlog } };
}

/** The backlog as it is seen while a card is held. */
function ordered(backlog: readonly Card[], { id, to }: Lift): readonly Card[] {
  const card = backlog.find((one) => one.id === id);
  if (!card) return backlog;
  const rest = backlog.filter((one) => one.id !== id);
  return [...rest.slice(0, to), card, ...rest.slice(to)];
}

/** The ranks of the backlog in its order. */
function ranked(
  cards: readonly Card[],
  features: readonly { id: string; content: { priority?: number; rank?: number } }[],
): Ranked[] {
  const contents = new Map(features.map((one) => [one.id, one.content]));
  return cards.map(({ id, priority }) => ({ id, priority, rank: contents.get(id)?.rank ?? 0 }));
}

/** Ranks as they are now. Who dropped a card waits for them: trying again is theirs to decide. */
const fresh = (project: string) => ({ ...featuresQuery(project), staleTime: 0, retry: false });

export function useDrag(project: string, backlog: readonly Card[], can: boolean) {
  const queries = useQueryClient();
  const [lift, setLift] = useState<Lift | null>(null);
  const [refused, setRefused] = useState<string | null>(null);

  const move = useAction(
    async ({ id, to }: { id: string; to: number }) => {
      const { queryKey } = boardQuery(project);
      const features = await queries.fetchQuery(fresh(project));
      const changes = placed(ranked(backlog, features), id, to);
      if (changes.length > CHANGES_MAX) {
        const detail = `${changes.length} features would have to be numbered afresh. Give it another priority, or move it less far.`;
        throw new ApiError(0, "too_many_moves", detail);
      }
      queries.setQueryData<Board>(queryKey, (old) => old && moved(old, id, to));
      try {
        let last: unknown = null;
        for (const { id: one, priority, rank } of changes) {
          last = await writes.changeFeature({ p: project, id: one }, { priority, rank });
        }
        return last;
      } catch (thrown) {
        // Others may have moved meanwhile: only this card goes back, and the server says how it is.
        const from = backlog.findIndex((one) => one.id === id);
        queries.setQueryData<Board>(queryKey, (old) => old && moved(old, id, from));
        void queries.invalidateQueries({ queryKey });
        throw thrown;
      }
    },
    () => "Moved.",
  );

  const drop = useCallback(() => {
    if (lift && lift.from !== lift.to) void move.go({ id: lift.id, to: lift.to });
    setLift(null);
  }, [lift, move]);

  const start = (id: string, from: number) => (event: DragEvent) => {
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", id);
    setRefused(null);
    setLift({ id, from, to: from });
  };
  const over = (to: number) => (event: DragEvent) => {
    if (!lift) return;
    event.preventDefault();
    if (lift.to !== to) setLift({ ...lift, to });
  };
  const key = (id: string, at: number) => (event: KeyboardEvent) => {
    if (event.key === " ") {
      event.preventDefault();
      if (lift) drop();
      else setLift({ id, from: at, to: at });
      return;
    }
    if (!lift) return;
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by === undefined && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (by === undefined) setLift(null);
    else setLift({ ...lift, to: Math.min(backlog.length - 1, Math.max(0, lift.to + by)) });
  };

  const elsewhere = (event: DragEvent) => {
    if (!lift) return;
    event.preventDefault();
    setLift(null);
    setRefused(NOT_HERE);
  };

  const dropped = (event: DragEvent) => {
    event.preventDefault();
    drop();
  };

  return {
    order: lift ? ordered(backlog, lift) : backlog,
    lifted: lift?.id ?? null,
    say: lift ? `Lifted. Place ${lift.to + 1} of ${backlog.length}.` : "",
    problem: move.problem,
    refused,
    forget: () => {
      setRefused(null);
      move.forget();
    },
    elsewhere,
    drop: dropped,
    handlers: (id: string, at: number) =>
      can
        ? {
            onDrag: start(id, at),
            onOver: over(at),
            onDrop: dropped,
            // After a drop nothing is lifted any more; after Esc, or beside the columns, the card goes back.
            onDragEnd: () => setLift(null),
            onKeyDown: key(id, at),
          }
        : {},
  };
}
