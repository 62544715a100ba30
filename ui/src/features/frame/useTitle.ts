// The title and the icon of the tab: how many things need somebody, whether this is the past, whether it is connected.
import { useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { live } from "@/features/live/state";
import { useInstant } from "@/features/time/instant";
import { hhmm } from "@/ui/format";

type State = { needs: number; past: string | null; lost: boolean };

/** The prefix says the most important of the three. */
export function titleOf(
  screen: string,
  project: string | null,
  { needs, past, lost }: State,
): string {
  const prefix = lost ? "! " : past ? `[${past}] ` : needs > 0 ? `(${needs}) ` : "";
  return `${prefix}${screen} · ${project ?? "Supercargo"}`;
}

/** Red by default, green when all is merged, blue while something runs, grey without a connection. */
export function iconOf(state: { lost: boolean; complete: boolean; working: boolean }): string {
  if (state.lost) return "/favicon-off.svg";
  if (state.complete) return "/favicon-done.svg";
  return state.working ? "/favicon-work.svg" : "/favicon.svg";
}

const NAMES: Record<string, string> = {
  "": "projects",
  "needs-you": "needs you",
  new: "new project",
  p: "board",
  queue: "merge queue",
};

export function useTitle(
  project: string | null,
  needs: number,
  working: boolean,
  complete: boolean,
): void {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { event, isPast } = useInstant();
  const lost = live.use().phase === "lost";
  const at = event?.at;
  useEffect(() => {
    const parts = path.split("/").filter(Boolean);
    const word = (parts[0] === "p" ? parts[2] : parts[0]) ?? "";
    const past = isPast ? (at ? hhmm(at) : "past") : null;
    document.title = titleOf(NAMES[word] ?? word, project, { needs, past, lost });
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const href = iconOf({ lost, complete, working });
    if (icon && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  }, [path, project, needs, isPast, at, lost, complete, working]);
}
