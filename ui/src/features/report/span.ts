// The span of a report: the last hours, or since somebody last looked, which the browser keeps for each project. And its
// sentences, section by section.
import type { ReportSentence } from "@/features/api/shapes";
import { kept } from "@/ui/store";

export type Section = ReportSentence["section"];

/** How each section is headed, in the order in which it is read. */
export const TITLES: Readonly<Record<Section, string>> = {
  merged: "Merged",
  waits: "Needs you",
  sent_back: "Sent back",
  features: "Features",
  milestones: "Milestones",
  faults: "Faults and alarms",
  upstream: "Upstream",
  sessions: "Sessions",
  spend: "Spend",
  people: "What people did",
  server: "Server",
};

export const RANGES = [
  ["8h", "8 h"],
  ["24h", "24 h"],
  ["7d", "7 days"],
] as const;
export const LOOKED = "looked";

/** By project: the last position of the report that somebody saw. */
export const lookedUpTo = kept<Readonly<Record<string, number>>>("report-looked", {});

export function look(project: string, position: number): void {
  lookedUpTo.set({ ...lookedUpTo.get(), [project]: position });
}

export type Range = { since: string; chosen: string };

/** What is asked for: what the address says, as far as it makes sense; else since the last look; else eight hours. */
export function rangeOf(said: string | undefined, looked: number | undefined): Range {
  const known = RANGES.find(([name]) => name === said)?.[0];
  if (known) return { since: known, chosen: known };
  return looked !== undefined && Number.isInteger(looked) && looked >= 0
    ? { since: String(looked), chosen: LOOKED }
    : { since: "8h", chosen: "8h" };
}

export type Group = { section: Section; title: string; sentences: readonly ReportSentence[] };

export function grouped(sentences: readonly ReportSentence[]): Group[] {
  return (Object.keys(TITLES) as Section[])
    .map((section) => ({
      section,
      title: TITLES[section],
      sentences: sentences.filter((one) => one.section === section),
    }))
    .filter((group) => group.sentences.length > 0);
}
