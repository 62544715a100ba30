// What is worth a sound or a notification: only of the project that is looked at, only what happened while the page was
// open, and both only where somebody turned them on. Pure but for the two stores.
import type { Project } from "@/features/api/shapes";
import { kept } from "@/ui/store";

export const sounds = kept("sounds", false);
export const notifications = kept("notifications", false);

export type Notice = { kind: "started" | "completed" | "needs"; project: string; text: string };

type Told = Pick<Project, "name" | "status"> & { needs: readonly { kind: string; text: string }[] };

/** What happened between two sights of a project; nothing without a first one, so that loading the page tells nothing. */
export function noticesOf(before: Told | undefined, now: Told | undefined): Notice[] {
  if (!before || !now || before.name !== now.name) return [];
  const found: Notice[] = [];
  const project = now.name;
  if (before.status !== now.status && now.status === "running" && before.status !== "draining")
    found.push({ kind: "started", project, text: `${project} is at work.` });
  if (before.status !== now.status && now.status === "completed")
    found.push({ kind: "completed", project, text: `${project} is complete.` });
  const known = new Set(before.needs.map((need) => `${need.kind} ${need.text}`));
  for (const { kind, text } of now.needs)
    if (!known.has(`${kind} ${text}`)) found.push({ kind: "needs", project, text });
  return found;
}
