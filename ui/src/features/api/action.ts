// Doing something: busy until the event is there, refused where it was asked, told by its position when it is done.
import { useCallback, useRef, useState } from "react";
import { live } from "@/features/live/state";
import { num } from "@/ui/format";
import { toast } from "@/ui/Toasts";
import { type ApiError, asProblem } from "./problem";

/** The page waits this long for the event of what was done; the write itself is recorded by then. */
const SEEN_WITHIN = 10_000;

/** Resolves when the feed has brought this position. */
export function seen(position: number): Promise<void> {
  const there = () => (live.get().head ?? 0) >= position;
  if (there()) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      leave();
      clearTimeout(timer);
      resolve();
    };
    const leave = live.subscribe(() => there() && end());
    const timer = setTimeout(end, SEEN_WITHIN);
  });
}

export type Action<A> = {
  go: (argument: A) => Promise<boolean>;
  busy: boolean;
  problem: ApiError | null;
  forget: () => void;
};

/** An action: `run` does it, `said` tells it in the past tense. */
export function useAction<A>(
  run: (argument: A) => Promise<unknown>,
  said: (argument: A) => string | null,
): Action<A> {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const latest = useRef({ run, said });
  latest.current = { run, said };

  const go = useCallback(async (argument: A) => {
    setBusy(true);
    setProblem(null);
    try {
      const written = await latest.current.run(argument);
      const position = positionOf(written);
      if (position !== null) await seen(position);
      const words = latest.current.said(argument);
      if (words) toast(position === null ? words : `${words} Position ${num(position)}.`);
      return true;
    } catch (thrown) {
      setProblem(asProblem(thrown));
      return false;
    } finally {
      setBusy(false);
    }
  }, []);

  return { go, busy, problem, forget: useCallback(() => setProblem(null), []) };
}

function positionOf(written: unknown): number | null {
  if (typeof written !== "object" || written === null || !("position" in written)) return null;
  return typeof written.position === "number" ? written.position : null;
}
