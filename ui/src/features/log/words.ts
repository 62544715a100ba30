// An event in words. One table: the story, the log, the dock and the projects page say the same.
import type { EventShape } from "@/features/api/shapes";
import { streamOf } from "@/features/live/streams";
import type { Tone } from "@/ui/Chip";
import { many, num, short, usd } from "@/ui/format";

type Data = Record<string, unknown>;
type Say = (data: Data) => string;

const str = (value: unknown) => (typeof value === "string" ? value : "");
const count = (value: unknown) => (typeof value === "number" ? value : 0);
const inner = (value: unknown) =>
  typeof value === "object" && value !== null ? (value as Data) : {};
const list = (value: unknown) => (Array.isArray(value) ? value : []);
const sha = (value: unknown) => short(str(value));
const plain = (outcome: unknown) => str(outcome).replaceAll("_", " ");
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** Who holds a claim; what is stored says berth where people say slot. */
function holder(value: unknown): string {
  const held = inner(value);
  return held.kind === "outside" ? str(held.principal) : `slot ${count(held.n)}`;
}

const seat = (data: Data) => `slot ${count(inner(data.seat).n)}`;
const entry = (data: Data) => `Entry ${count(data.entry)}`;

function closed(data: Data): string {
  const closing = inner(data.closing);
  switch (closing.how) {
    case "merged":
      return `Merged upstream as ${sha(closing.sha)}`;
    case "restored":
      return `Brought back by ${sha(closing.commit)}`;
    case "done_elsewhere":
      return `Closed by ${str(data.by)}: done elsewhere`;
    default:
      return `Closed by ${str(data.by)}: it will not be done`;
  }
}

function evidence(data: Data): string {
  const proof = inner(data.evidence);
  if (proof.kind === "ran") return `exit ${count(proof.exit)} on tree ${sha(proof.tree)}`;
  return proof.kind === "scaffold" ? "our own files" : "no command is set";
}

function metered(data: Data): string {
  const models = list(data.models).map(inner);
  const sum = (field: string) =>
    models.reduce((total, one) => total + count(inner(one.usage)[field]), 0);
  return `Metered ${usd(sum("micro_usd"))}, ${num(sum("output"))} tokens out`;
}

function exited(data: Data): string {
  const exit = inner(data.exit);
  if (exit.oom) return "Killed: out of memory";
  return exit.signal
    ? `Container ended by signal ${exit.signal}`
    : `Container exited with ${exit.code ?? "no code"}`;
}

const FEATURE: Record<string, Say> = {
  created: () => "Added to the backlog",
  edited: () => "What it asks for was changed",
  ranked: (d) => `Moved: priority ${count(d.priority)}`,
  blocked: (d) => `Waits for ${str(d.by)}`,
  unblocked: (d) => `Free to begin: ${str(d.by)} is done`,
  commented: (d) => `Comment of ${str(d.by)}`,
  push_denied: (d) => `A push of ${str(d.by)} was turned down`,
  claimed: (d) => `Claimed by ${holder(d.holder)}, claim ${count(d.epoch)}`,
  released: (d) => `Claim ended: ${str(d.detail) || plain(d.outcome)}`,
  claim_expired: () => "Claim ended: its holder went silent",
  question_asked: () => "Asks you something",
  question_answered: (d) => `Answered by ${str(d.by)}`,
  submitted: (d) => `Handed in ${sha(d.sha)}`,
  review_started: (d) => `Review begun in ${seat(d)}`,
  review_lapsed: (d) => `Review ended without a verdict: ${plain(d.outcome)}`,
  review_passed: () => "Review passed",
  review_rejected: () => "Sent back by the reviewer",
  merge_begun: (d) => `Candidate ${sha(d.candidate)} goes upstream`,
  merge_aborted: (d) => `Not published: ${str(d.why)}`,
  merge_rejected: (d) =>
    ({ conflict: "Sent back: it does not merge", red: "Sent back: the verification is red" })[
      str(d.fault)
    ] ?? "Sent back: the change was refused",
  closed,
  reopened: (d) => `Opened again by ${str(d.by)}`,
  quarantined: (d) => `Set aside: ${str(d.why)}`,
  requeued: () => "Back in the backlog",
  work_secured: (d) => (d.sha ? `Work secured at ${sha(d.sha)}` : "There was no work to secure"),
  work_lost: (d) => `Work lost: ${str(d.why)}`,
  withdrawn: (d) => `Withdrawn by ${str(d.by)}`,
  set_aside: (d) => `Set aside: ${str(d.why)}`,
};

const CONTAINER: Record<string, Say> = {
  enlisted: () => "Slot enlisted",
  assigned: (d) => {
    const { role, feature } = inner(d.assignment);
    return `${capital(str(role))} session for ${str(feature) || "the project"}`;
  },
  start_requested: () => "Container asked for",
  started: () => "Container runs",
  start_failed: (d) => `Container did not start: ${str(d.detail)}`,
  session_started: () => "The agent speaks",
  session_ended: (d) => `Session ended: ${str(d.detail) || plain(d.outcome)}`,
  exited,
  lost: (d) => `Container lost: ${str(d.reason)}`,
  removed: () => "Container removed",
  idle: () => "Slot is free",
  quarantined: (d) => `Slot out of service: ${str(d.why)}`,
  withheld: (d) => `Slot taken out of service by ${str(d.by)}`,
  interrupt_requested: (d) => `Session interrupted by ${str(d.by)}`,
  reinstated: (d) => `Slot back in service by ${str(d.by)}`,
  dismissed: () => "Slot dismissed",
  transcript_kept: (d) => `Output kept, ${num(count(d.bytes))} bytes`,
  transcript_dropped: () => "Output dropped",
  usage_metered: metered,
  egress_recorded: (d) =>
    `Way out: ${num(count(d.bytes))} bytes, ${many(list(d.denied).length, "target")} turned down`,
};

const TRUNK: Record<string, Say> = {
  opened: (d) => `Upstream is known: ${str(d.branch)} at ${sha(d.head)}`,
  queued: (d) => `Queued as entry ${count(d.entry)}`,
  candidate_built: (d) => `Candidate of entry ${count(d.entry)} built`,
  held: (d) => `${entry(d)} is held for you: protected paths`,
  change_approved: (d) => `${entry(d)} approved by ${str(d.by)}`,
  change_refused: (d) => `${entry(d)} sent back by ${str(d.by)}`,
  dequeued: (d) => `${entry(d)} left the queue: ${str(d.why)}`,
  found_empty: (d) => `${entry(d)} brings nothing: upstream holds it already`,
  batch_closed: (d) => `Batch closed at entry ${count(d.entry)}`,
  verification_started: (d) => `${entry(d)} is being verified in ${seat(d)}`,
  verification_lapsed: (d) =>
    `Verification of entry ${count(d.entry)} ended without a result: ${plain(d.outcome)}`,
  verified: (d) => `${entry(d)} is verified: ${evidence(d)}`,
  verification_failed: (d) => `${entry(d)} is red: ${evidence(d)}`,
  verification_doubted: (d) => `${entry(d)} is red and verified again: ${evidence(d)}`,
  parked: (d) => `${entry(d)} waits until the trunk is green by itself`,
  head_verification_started: (d) => `The trunk itself is verified at ${sha(d.head)}`,
  head_verification_lapsed: (d) =>
    `Verification of the trunk ended without a result: ${plain(d.outcome)}`,
  head_verified: (d) => `The trunk is green at ${sha(d.head)}`,
  head_failed: (d) => `The trunk is red at ${sha(d.head)}: ${evidence(d)}`,
  red_ended: (d) => `The trunk is not red any more: ${str(d.why)}`,
  publish_intended: (d) => `${entry(d)} goes upstream as ${sha(d.to)}`,
  advanced: (d) => `Upstream is at ${sha(d.to)}, read back`,
  upstream_moved: (d) => `Upstream moved to ${sha(d.seen)} by somebody else`,
  followed: (d) => `We follow upstream to ${sha(d.to)}`,
  branch_followed: (d) => `Upstream's branch is called ${str(d.branch)} now: ${str(d.by)} said so`,
  probed: (d) =>
    `Work under way compared with ${sha(d.base)}: ${many(list(d.collisions).length, "collision")}`,
  halted: (d) => `Merge queue halted: ${str(d.reason)}`,
  unhalted: () => "Merge queue goes on",
};

const PROJECT: Record<string, Say> = {
  registered: (d) => `Project registered: ${str(d.git_url)}`,
  cloned: (d) => `Cloned, branch ${str(d.branch)}`,
  clone_failed: (d) => `Not cloned: ${str(d.reason)}`,
  spec_written: (d) => `Spec written, ${num(count(d.bytes))} bytes`,
  settings_changed: () => "Settings changed",
  target_set: (d) => `Slots wanted: ${count(d.count)}`,
  started: (d) => `Started by ${str(d.by)}`,
  renewed: (d) => `Tried afresh by ${str(d.by)}`,
  relocated: (d) => `Upstream is at ${str(d.git_url)} now, says ${str(d.by)}`,
  drain_requested: (d) => `Draining, asked for by ${str(d.by)}`,
  stopped: (d) => `Stopped by ${str(d.by)}`,
  edit_opened: (d) => `Edit mode opened by ${str(d.by)}`,
  edit_saved: (d) => `Edits saved by ${str(d.by)}`,
  edit_discarded: (d) => `Edits discarded by ${str(d.by)}`,
  initialization_due: () => "The spec waits to be split",
  initialization_started: (d) => `The initializer reads the spec in ${seat(d)}`,
  initialization_lapsed: (d) => `The initializer ended without a backlog: ${plain(d.outcome)}`,
  backlog_proposed: (d) => `${many(count(d.count), "feature")} proposed`,
  initialized: (d) => `The backlog is ready: ${many(count(d.count), "feature")}`,
  milestone_due: (d) => `${count(d.step)} % reached: ${count(d.closed)} of ${count(d.total)}`,
  oversight_started: (d) => {
    const { kind, step } = inner(d.oversight);
    return kind === "final"
      ? "The overseer looks at the whole"
      : `The overseer looks, ${count(step)} %`;
  },
  oversight_lapsed: (d) => `The overseer ended without a report: ${plain(d.outcome)}`,
  milestone_settled: (d) => {
    const steps = list(d.covers).map(count);
    const found =
      count(d.findings) === 0 ? "nothing found" : `${many(count(d.findings), "finding")}`;
    return steps.length > 0
      ? `${steps.join(", ")} % overseen, ${found}`
      : `The whole overseen, ${found}`;
  },
  final_verification_due: () => "All is merged: the whole is verified",
  completed: () => "Completed",
  resumed: (d) => `Resumed: ${str(d.why)}`,
  deleted: (d) => `Deleted by ${str(d.by)}`,
  trouble_reported: (d) => `Trouble: ${str(d.detail)}`,
  trouble_ended: (d) => `Trouble is over: ${str(d.why)}`,
  probe_asked: (d) => `${str(d.by)} asked to try again`,
};

const OTHER: Record<string, Record<string, Say>> = {
  backlog: {
    admitted: (d) =>
      `${many(list(d.ids).length, "feature")} admitted, ${many(list(d.edges).length, "dependency", "dependencies")}`,
    dependency_added: (d) => `${str(inner(d.edge).feature)} waits for ${str(inner(d.edge).on)}`,
    dependency_removed: (d) =>
      `${str(inner(d.edge).feature)} waits no more for ${str(inner(d.edge).on)}`,
    withdrawn: (d) => `${str(d.id)} withdrawn`,
  },
  node: {
    started: (d) => `Server started, run ${count(d.epoch)}`,
    stopped: () => "Server stopped",
    sealed: () => "Log sealed",
  },
};

const WORDS: Record<string, Record<string, Say>> = {
  feature: FEATURE,
  container: CONTAINER,
  trunk: TRUNK,
  project: PROJECT,
  ...OTHER,
};

/** Every event type that has words of its own. */
export const SAID: readonly string[] = Object.entries(WORDS).flatMap(([kind, words]) =>
  Object.keys(words).map((name) => `${kind}.${name}`),
);

/** An event as a sentence; one that is not known is told by its name. */
export function sentence(event: EventShape): string {
  const [kind = "", name = ""] = event.type.split(".");
  const say = WORDS[kind]?.[name];
  return say ? say(event.data) : event.type.replaceAll("_", " ");
}

/** What an event means, as a tone. */
export function toneOf(event: EventShape): Tone {
  const { type, data } = event;
  if (
    /quarantin|rejected|failed|dequeued|halted|lost|expired|trouble_reported|refused|denied/.test(
      type,
    )
  )
    return "alarm";
  if (inner(data.exit).oom || (type === "container.session_ended" && data.outcome !== "completed"))
    return "alarm";
  if (type === "feature.released" && data.outcome !== "completed") return "wait";
  if (/question_asked|held|moved|set_aside|parked|doubted|lapsed/.test(type)) return "wait";
  if (/closed|advanced|verified$|settled|review_passed|completed$|initialized$/.test(type))
    return "done";
  if (/review|oversight|milestone/.test(type)) return "look";
  if (/^trunk|merge/.test(type)) return "merge";
  if (/claimed|submitted|secured|assigned|started$/.test(type)) return "go";
  return "";
}

/** Housekeeping of containers: true and tedious. */
export function isNoise(event: EventShape): boolean {
  return /^container\.(start_requested|started|session_started|transcript_|removed|exited|idle|usage_metered|enlisted|egress_recorded)|^trunk\.probed/.test(
    event.type,
  );
}

/** Who an event goes back to, short. */
export function who(principal: string): string {
  const [kind, name = ""] = principal.split(/:(.*)/s);
  if (kind === "operator") return name;
  if (kind === "session") return `session ${name.slice(0, 7)}…`;
  if (kind === "node") return `server, ${name}`;
  return kind === "policy" ? `policy ${name}` : principal;
}

/** What an event is about, for people. */
export function about(event: EventShape): string {
  const { kind, id } = streamOf(event.stream);
  if (kind === "container") return `slot ${id}`;
  return kind === "feature" && id ? id : "";
}
