// Which reads an event makes stale. Only those that are on the screen are read again; the board and the list of
// projects come with the feed itself.
import type { EventShape } from "@/features/api/shapes";
import { streamOf } from "./streams";

export type Key = readonly (string | number | null)[];

/** Events of a slot that change what sessions did, used, or printed. */
const SESSION =
  /^container\.(assigned|session_|usage_metered|egress_recorded|transcript_|exited|lost)/;

function ofFeature(event: EventShape, project: string, id: string): Key[] {
  const keys: Key[] = [
    ["feature", project, id],
    ["stream", event.stream],
    ["features", project],
  ];
  if (/submitted|review_|merge_|closed|claimed|released/.test(event.type))
    keys.push(["evidence", project]);
  if (/submitted|work_secured|merge_begun|closed|claimed/.test(event.type))
    keys.push(["diff", project, id]);
  return keys;
}

function ofSlot(event: EventShape, project: string): Key[] {
  const keys: Key[] = [["usage", project]];
  if (!SESSION.test(event.type)) return keys;
  const assignment = event.data.assignment as { session?: string } | undefined;
  const session = (event.data.session as string | undefined) ?? assignment?.session;
  keys.push(["sessions", project]);
  if (session) keys.push(["transcript", session]);
  return keys;
}

function ofQueue(event: EventShape, project: string): Key[] {
  const keys: Key[] = [
    ["queue", project],
    ["evidence", project],
  ];
  if (/probed|followed|advanced/.test(event.type)) keys.push(["conflicts", project]);
  if (/opened|halted|unhalted|followed|moved|advanced/.test(event.type))
    keys.push(["upstream", project]);
  return keys;
}

/** The keys that an event touches, as beginnings: every read below one of them. */
export function touched(event: EventShape): Key[] {
  const { kind, project, id } = streamOf(event.stream);
  if (kind === "subscription") return [["subscriptions"]];
  if (!project) return [];
  // Whatever happens in a project may be what something of it waits for.
  return [...ofProject(event, kind, project, id), ["why", project]];
}

function ofProject(event: EventShape, kind: string, project: string, id: string | null): Key[] {
  if (kind === "feature" && id) return ofFeature(event, project, id);
  if (kind === "container") return ofSlot(event, project);
  if (kind === "trunk") return ofQueue(event, project);
  if (kind === "backlog")
    return [
      ["features", project],
      ["stream", event.stream],
    ];
  return [
    ["project", project],
    ["stream", event.stream],
    ["upstream", project],
    ["evidence", project],
  ];
}

/** The same for many events, each key once. */
export function touchedBy(events: readonly EventShape[]): Key[] {
  const keys = new Map<string, Key>();
  for (const event of events) for (const key of touched(event)) keys.set(JSON.stringify(key), key);
  return [...keys.values()];
}
