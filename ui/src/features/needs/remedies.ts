// What lets work go on, as a button. The server names it as a command; each verb that needs nothing else to be typed is
// one here, the others lead to where it is typed. Pure, with a table of tests.
import { writes } from "@/features/api/writes";

export type Remedy = {
  label: string;
  said: string;
  run: () => Promise<unknown>;
  /** What will happen; asked first where it cannot be taken back. */
  asks?: string;
};

type Made = (project: string, about: string) => Remedy;

const REMEDIES: Record<string, Made> = {
  "project stop": (p) => ({
    label: "Stop the project",
    said: `${p} is stopped.`,
    run: () => writes.stopProject(p),
    asks: "Its sessions end; what they did is secured first.",
  }),
  "project start": (p) => ({
    label: "Start the project",
    said: `${p} is started.`,
    run: () => writes.startProject(p),
  }),
  "project retry": (p) => ({
    label: "Try again",
    said: "It is tried again.",
    run: () => writes.retryProject(p),
  }),
  "project initialize": (p) => ({
    label: "Split the spec again",
    said: "The initializer reads the spec next.",
    run: () => writes.initializeProject(p),
  }),
  "project set": (p) => ({
    label: "Want one slot",
    said: "One slot is wanted.",
    run: () => writes.setTarget(p, 1),
  }),
  "project upstream accept": (p, sha) => ({
    label: "Take upstream as it is…",
    said: "Upstream is taken as it is.",
    run: () => writes.acceptUpstream(p, sha),
    asks: `The branch goes on from ${sha}. What was published and is not in it has to come back by an undo or a feature of its own.`,
  }),
  "project upstream follow": (p) => ({
    label: "Follow the branch…",
    said: "Upstream's own branch is followed.",
    run: () => writes.followBranch(p),
    asks: "The branch that upstream names its own now is followed instead of the one that is gone. When it does not hold what was published you are asked again.",
  }),
  "project upstream forget-host-keys": (p) => ({
    label: "Forget the pinned keys…",
    said: "The pinned keys are forgotten; the next ones are pinned.",
    run: () => writes.forgetHostKeys(p),
    asks: "The next key that the host shows is believed and pinned. Do this only when you know that the host has a new one.",
  }),
  "queue resume": (p) => ({
    label: "Resume the merge queue",
    said: "The merge queue goes on.",
    run: () => writes.resumeQueue(p),
  }),
  "feature undo": (p, id) => ({
    label: "Undo it again",
    said: "Undo is queued.",
    run: () => writes.undoFeature({ p, id }),
  }),
  "feature requeue": (p, id) => ({
    label: "Try it again",
    said: "Back in the backlog, with fresh tries.",
    run: () => writes.requeue({ p, id }),
  }),
  "feature close": (p, id) => ({
    label: "Close it…",
    said: "Closed.",
    run: () => writes.close({ p, id }, "done_elsewhere"),
    asks: "It is closed without a merge, and counts as done.",
  }),
  "container restart": (p, n) => ({
    label: "Back in service",
    said: `Slot ${n} is back in service.`,
    run: () => writes.restartContainer(p, Number(n)),
  }),
};

/** The button that stands for a command; none when something has to be typed. */
export function remedyOf(command: string | null, project: string): Remedy | null {
  const words = (command ?? "").split(/\s+/);
  const at = words.indexOf(project);
  if (words[0] !== "supercargo" || at < 2) return null;
  const verb = words.slice(1, at).join(" ");
  const about = words[at + 1] ?? "";
  // Settings that are words of a person's own are typed on their page.
  if (verb === "project set" && about !== "--target") return null;
  return REMEDIES[verb]?.(project, about) ?? null;
}

/** The settings page on which a command's value is typed. */
export function sectionOf(command: string | null): string | null {
  if (command?.includes(" --verify ")) return "verification";
  return command?.includes(" --token-file ") ? "repository" : null;
}
