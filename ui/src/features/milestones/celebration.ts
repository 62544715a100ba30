// Whether a completion is to be celebrated: once for each project and browser, and never in the past.
import { useState } from "react";
import { kept } from "@/ui/store";

/** Completions that were celebrated here: project and position. */
const celebrated = kept<string[]>("celebrated", []);
const REMEMBERED = 200;

export function useCelebration(
  project: string,
  position: number | undefined,
): { open: boolean; close: () => void } {
  const seen = celebrated.use();
  const key = `${project} ${position}`;
  const [closed, setClosed] = useState(false);
  const open = position !== undefined && !closed && !seen.includes(key);
  return {
    open,
    close: () => {
      setClosed(true);
      celebrated.set([...seen, key].slice(-REMEMBERED));
    },
  };
}
