// What is around every screen: the list at the left, the past bar, the screen, the dock, and what lies over them.
import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { projectsQuery } from "@/features/api/queries";
import type { Project } from "@/features/api/shapes";
import { useKeys } from "@/features/keys/keys";
import { keysShown, paletteShown } from "@/features/keys/state";
import { useFeed } from "@/features/live/useFeed";
import { useAt, useGo } from "@/features/nav/links";
import { useNotices } from "@/features/notices/useNotices";
import { Dock } from "@/features/time/Dock";
import { useInstant, useMoveTo, useSettledInstant, useStep } from "@/features/time/instant";
import { PastBar } from "@/features/time/PastBar";
import { useRun } from "@/features/time/run";
import { markFrom, timeOf } from "@/features/time/timeline";
import { stoodAt } from "@/ui/clock";
import { kept } from "@/ui/store";
import { Toasts } from "@/ui/Toasts";
import { Disconnected } from "./Disconnected";
import { menu, needsOf, PhoneHead, Side, TabBar } from "./Side";
import { toggleTheme, usePaper } from "./theme";
import { useTitle } from "./useTitle";

const KeySheet = lazy(() => import("@/features/keys/KeySheet"));
const Palette = lazy(() => import("@/features/keys/Palette"));

/** Steps through events and marks. */
function useTimeKeys(project: string | null): void {
  const at = useAt();
  const moveTo = useMoveTo();
  const step = useStep(project);
  const { marks } = useRun(project);
  const mark = (by: 1 | -1) => {
    const from = typeof at === "number" ? at : Number.POSITIVE_INFINITY;
    const next = markFrom(marks, from, by);
    if (next !== null) moveTo(next);
  };
  const now = at === null ? undefined : () => moveTo(null);
  useKeys({
    "[": () => step(-1),
    "]": () => step(1),
    "shift+[": () => mark(-1),
    "shift+]": () => mark(1),
    ".": now,
    escape: now,
  });
}

/** The project that was looked at last: outside of projects, the keys that go to a screen go to its. */
const lastProject = kept<string | null>("project", null);

function useGlobalKeys(project: string | null, known: readonly Project[] | undefined): void {
  const go = useGo();
  const last = lastProject.use();
  useEffect(() => {
    if (project !== null) lastProject.set(project);
  }, [project]);
  const meant = project ?? known?.find((one) => one.name === last)?.name;
  const to = (screen: string) => (meant ? () => go(`/p/${meant}/${screen}`) : undefined);
  useKeys({
    "g p": () => go("/"),
    "g n": () => go("/needs-you"),
    "g b": to("board"),
    "g f": to("fleet"),
    "g t": to("queue"),
    "g o": to("output"),
    d: to("output"),
    "g l": () => go(project ? `/p/${project}/log` : "/log"),
    "g i": to("insights"),
    "g r": to("report"),
    "g s": to("settings"),
    "/": () => document.querySelector<HTMLInputElement>("[data-search]")?.focus(),
    "?": () => keysShown.set(true),
    "shift+t": toggleTheme,
    "mod+k": () => paletteShown.set(!paletteShown.get()),
  });
}

/** Ages are counted from the instant that is looked at. */
function useStand(): void {
  const { isPast, event } = useInstant();
  const time = isPast && event ? timeOf(event) : null;
  useEffect(() => {
    stoodAt.set(time);
    return () => stoodAt.set(null);
  }, [time]);
}

export function Frame({ project, children }: { project: string | null; children: ReactNode }) {
  const at = useAt();
  const { data } = useQuery(projectsQuery());
  const feed = useFeed(project);
  const palette = paletteShown.use();
  const keys = keysShown.use();
  const running = (data ?? []).some((one) => one.status === "running" || one.status === "draining");
  const mine = data?.find((one) => one.name === project);
  usePaper(at !== null);
  const wrong = useSettledInstant();
  useStand();
  useNotices(mine);
  useTimeKeys(project);
  useGlobalKeys(project, data);
  useTitle(
    project,
    needsOf(data),
    mine ? mine.status === "running" || mine.status === "draining" : running,
    mine?.status === "completed",
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when one has gone somewhere
  useEffect(() => menu.set(false), [project]);

  return (
    <div className="app">
      <a className="skip" href="#main">
        To the content
      </a>
      <Side project={project} />
      <PhoneHead project={project} />
      <main id="main" tabIndex={-1}>
        <PastBar wrong={wrong} />
        <Disconnected onAgain={feed.again} />
        {children}
      </main>
      <Dock project={project} />
      <TabBar project={project} />
      <Suspense>
        {palette && <Palette project={project} />}
        {keys && <KeySheet />}
      </Suspense>
      <Toasts />
    </div>
  );
}
