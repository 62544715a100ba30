// Every operation of the API's description is reached from a control or a screen that is named here, or has a reason
// why no browser asks for it. Names are looked up in the code: a control that goes takes its line with it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../..");
const DOCUMENT = join(SRC, "../../docs/openapi.json");

type Operation = { id: string; method: string; path: string };
const operations: Operation[] = Object.entries(
  JSON.parse(readFileSync(DOCUMENT, "utf8")).paths as Record<
    string,
    Record<string, { operationId: string }>
  >,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, one]) => ({
    id: one.operationId,
    method: method.toUpperCase(),
    path,
  })),
);

/** The words of a control, or of what a screen shows, and the file that has them. */
type Reached = readonly [words: string, file: string];
const BOARD = "features/board";
const FEATURE = "features/feature";
const REPOSITORY = "features/settings/Repository.tsx";
const READERS = "features/settings/Readers.tsx";
const REMEDIES = "features/needs/remedies.ts";
const RUN = "features/projects/RunButtons.tsx";

const CONTROLS: Record<string, Reached> = {
  accept_upstream: ["Take upstream as it is…", REMEDIES],
  add_backlog: ["Paste a list", `${BOARD}/AddFeature.tsx`],
  add_feature: ["Add a feature", `${BOARD}/AddFeature.tsx`],
  add_project: ["Register", "features/wizard/WizardScreen.tsx"],
  adopt: ["Take over from ZeroCoder", REPOSITORY],
  answer: ["Answer", "features/needs/ItemDetail.tsx"],
  audit_log: ["Audit now", "features/audit/Walks.tsx"],
  verify_log: ["Verify now", "features/audit/Walks.tsx"],
  approve_change: ["Approve", "features/queue/EntryPanel.tsx"],
  change_feature: ["Save", `${FEATURE}/RequestTab.tsx`],
  change_project: ["Save", "features/settings/Section.tsx"],
  claim_next: ["Claim the next feature yourself", "features/keys/Palette.tsx"],
  claim_one: ["Claim it yourself…", `${FEATURE}/deedsOf.ts`],
  close: ["Close…", `${FEATURE}/deedsOf.ts`],
  close_session: ["Sign out", "features/frame/Side.tsx"],
  comment: ["Comment", `${FEATURE}/RequestTab.tsx`],
  delete_project: ["Delete {project.name}…", READERS],
  depend: ["Waits for", `${FEATURE}/RequestTab.tsx`],
  drain_project: ["Drain", RUN],
  export_beads: ["Copy as issues", REPOSITORY],
  fetch_upstream: ["Look now", REPOSITORY],
  find_transcripts: ["Find in every session", "features/output/OutputScreen.tsx"],
  follow_branch: ["Follow the branch…", REMEDIES],
  forget_host_keys: ["Forget…", REPOSITORY],
  import_beads: ["Take them in", REPOSITORY],
  initialize_project: ["Split it into features", REPOSITORY],
  list_events: ["Log", "features/log/LogScreen.tsx"],
  list_evidence: ["No evidence yet", `${FEATURE}/EvidenceTab.tsx`],
  list_features: ["...featuresQuery(project)", `${BOARD}/useDrag.ts`],
  list_projects: ["Projects", "features/projects/ProjectsScreen.tsx"],
  list_sessions: ["Output", "features/output/OutputScreen.tsx"],
  list_subscriptions: ["Readers", READERS],
  live: ["/api/v1/live", "features/live/feed.ts"],
  make_link: ["Copy a sign-in link", "features/projects/ProjectsScreen.tsx"],
  move_upstream: ["New address", REPOSITORY],
  open_session: ["Sign in", "features/session/SignIn.tsx"],
  publish_beads: ["Publish", REPOSITORY],
  refuse_change: ["Send back", "features/queue/EntryPanel.tsx"],
  release: ["End this claim…", `${FEATURE}/deedsOf.ts`],
  reopen: ["Reopen…", `${FEATURE}/deedsOf.ts`],
  replay: ["Deliver again", READERS],
  requeue: ["Try again", `${FEATURE}/deedsOf.ts`],
  requeue_all: ["Try everything again that was set aside", "features/keys/Palette.tsx"],
  restart_container: ["Restart", "features/fleet/SlotCard.tsx"],
  resume_queue: ["Resume", "features/queue/QueueScreen.tsx"],
  retry_project: ["Try again", REMEDIES],
  scaffold: ["Bring AGENTS.md up to date", REPOSITORY],
  set_target: ["slots wanted", "features/fleet/FleetScreen.tsx"],
  show_board: ["Backlog", `${BOARD}/derive.ts`],
  show_conflicts: ["conflictsQuery", "features/queue/QueueScreen.tsx"],
  show_diff: ["No work yet", `${FEATURE}/DiffTab.tsx`],
  show_entry_diff: ["EntryDiff", "features/queue/EntryPanel.tsx"],
  show_event: ["eventQuery", "features/log/EventPanel.tsx"],
  show_evidence: ["Read", `${FEATURE}/EvidenceTab.tsx`],
  show_feature: ["No such feature", `${FEATURE}/Drawer.tsx`],
  show_hook: ["Show path and secret", REPOSITORY],
  show_position: ["positionQuery", "features/time/instant.ts"],
  show_queue: ["Merge queue", "features/queue/QueueScreen.tsx"],
  show_report: ["reportQuery", "features/report/ReportScreen.tsx"],
  show_session: ["/api/v1/sessions/{id}", "features/output/useTranscript.ts"],
  show_session_of_browser: ["begin", "features/session/enter.ts"],
  show_stats: ["This server", "features/projects/ProjectsScreen.tsx"],
  show_timeline: ["timelineQuery", "features/time/run.ts"],
  show_transcript: ["/api/v1/sessions/{id}/transcript", "features/output/useTranscript.ts"],
  show_upstream: ["Pinned keys", REPOSITORY],
  show_usage: ["usageQuery", "features/fleet/FleetScreen.tsx"],
  show_why: ["whyQuery", "features/why/Why.tsx"],
  start_project: ["Start", RUN],
  stop_container: ["Stop", "features/fleet/SlotCard.tsx"],
  stop_project: ["Stop", RUN],
  submit: ["Hand in…", `${FEATURE}/deedsOf.ts`],
  subscribe: ["Keep its place", READERS],
  sync_beads: ["Sync", REPOSITORY],
  undo_feature: ["Undo…", `${FEATURE}/deedsOf.ts`],
  unsubscribe: ["End…", READERS],
  withdraw_feature: ["Withdraw…", `${FEATURE}/deedsOf.ts`],
};

const REASONS: Record<string, string> = {
  acknowledge: "a program says what it took; a person reads the log",
  deliver: "a program takes events one after the other; a person reads the log",
  heartbeat: "a holder's own program gives it while it works",
  hold: "a program holds its turn; a person has none",
  list_containers: "the board has every slot, and the live feed keeps it",
  park: "a program says what it could not take",
  show_changes: "a program compares states; a person sees each screen at both instants",
  show_container: "the board has every slot, and the live feed keeps it",
  show_log: "the live feed says where the head is, and the log has its seals",
  show_project: "the list of projects has all of each, and the live feed keeps it",
  show_report_of_all: "a program tells all projects at once; a person reads each",
  show_state: "a program reads folded states; a person sees each screen at the instant",
  show_why_not: "a control that cannot be used says why, and the server says it when it is",
  show_subscription: "the list of readers has all of each",
};

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !/\.(test|gen)\.tsx?$/.test(name))
  .map((name) => [name, readFileSync(join(SRC, name), "utf8")] as const);
const whole = sources.map(([, text]) => text).join("\n");

it("names every operation once", () => {
  const named = [...Object.keys(CONTROLS), ...Object.keys(REASONS)].sort();
  expect(named).toEqual(operations.map(({ id }) => id).sort());
});

it.each(operations.filter(({ id }) => id in CONTROLS))("$id is asked for", ({ method, path }) => {
  const asked = new RegExp(`client\\s*\\.${method}\\(\\s*"${path.replace(/[{}]/g, "\\$&")}"`);
  if (path !== "/api/v1/live") expect(whole).toMatch(asked);
});

it.each(operations.filter(({ id }) => id in REASONS))("$id is not", ({ method, path }) => {
  const asked = new RegExp(`client\\s*\\.${method}\\(\\s*"${path.replace(/[{}]/g, "\\$&")}"`);
  expect(whole).not.toMatch(asked);
});

it.each(Object.entries(CONTROLS))("%s has its control", (_, [words, file]) => {
  const text = sources.find(([name]) => name === file)?.[1];
  expect(text, file).toBeDefined();
  expect(text).toContain(words);
});

it("has no write that nothing calls", () => {
  const writes = sources.find(([name]) => name === "features/api/writes.ts")?.[1] ?? "";
  const names = [...writes.matchAll(/^ {2}(\w+): \(/gm)].map((found) => String(found[1]));
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !new RegExp(`writes\\.${name}\\b`).test(whole))).toEqual([]);
});
