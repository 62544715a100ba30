// Plays the run from where the handle stands, the whole of it in a minute, or slower and faster.
import { useCallback, useEffect, useRef, useState } from "react";
import { useKeys } from "@/features/keys/keys";

const WHOLE = 60_000;
const STEP = 160;
export const SPEEDS = [0.25, 1, 4, 16] as const;

export type Play = {
  playing: boolean;
  toggle: () => void;
  speed: number;
  faster: () => void;
};

/** The speed after this one; the slowest after the fastest. */
export function speedAfter(speed: number): number {
  const at = (SPEEDS as readonly number[]).indexOf(speed);
  return SPEEDS[(at + 1) % SPEEDS.length] ?? 1;
}

export function usePlay(isReady: boolean, from: number, seek: (x: number) => void): Play {
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const x = useRef(from);
  const latest = useRef({ seek, speed });
  latest.current = { seek, speed };

  const toggle = useCallback(() => {
    x.current = from >= 1 ? 0 : from;
    setPlaying((before) => !before);
  }, [from]);
  const faster = useCallback(() => setSpeed(speedAfter), []);

  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      x.current += (STEP / WHOLE) * latest.current.speed;
      latest.current.seek(x.current);
      if (x.current >= 1) setPlaying(false);
    }, STEP);
    return () => clearInterval(timer);
  }, [playing]);

  useKeys({ p: isReady ? toggle : undefined });
  return { playing, toggle, speed, faster };
}
