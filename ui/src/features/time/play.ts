// Plays the run from where the handle stands, the whole of it in a minute.
import { useCallback, useEffect, useRef, useState } from "react";
import { useKeys } from "@/features/keys/keys";
import type { Line } from "./timeline";

const WHOLE = 60_000;
const STEP = 160;

export function usePlay(
  line: Line,
  from: number,
  seek: (x: number) => void,
): { playing: boolean; toggle: () => void } {
  const [playing, setPlaying] = useState(false);
  const x = useRef(from);
  const latest = useRef(seek);
  latest.current = seek;

  const toggle = useCallback(() => {
    x.current = from;
    setPlaying((before) => !before);
  }, [from]);

  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      x.current += STEP / WHOLE;
      latest.current(x.current);
      if (x.current >= 1) setPlaying(false);
    }, STEP);
    return () => clearInterval(timer);
  }, [playing]);

  useKeys({ p: line.events.length > 1 ? toggle : undefined });
  return { playing, toggle };
}
