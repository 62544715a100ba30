// How far it is, in one figure; the milestones as a tally; what the merge queue does now.
import { useQuery } from "@tanstack/react-query";
import { queueQuery } from "@/features/api/queries";
import type { At, Board, Entry, Milestone } from "@/features/api/shapes";
import { To, useGo } from "@/features/nav/links";
import type { ProjectStory } from "@/features/projects/story";
import { Chip, type Tone } from "@/ui/Chip";
import { many, num, percent, short } from "@/ui/format";
import { type Step, Tally } from "@/ui/Tally";
import { visible } from "@/ui/visible";

const STEPS = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

/** The ten steps as the tally draws them. */
export function stepsOf(milestones: readonly Milestone[]): Step[] {
  const known = new Map(milestones.map((one) => [one.step, one]));
  return STEPS.map((step) => {
    const milestone = known.get(step);
    if (!milestone) return { step, state: "none", text: `${step} %, not reached` };
    if (milestone.state === "due")
      return { step, state: "due", text: `${step} %, an overseer is to look` };
    const found = milestone.findings ? many(milestone.findings, "finding") : "nothing found";
    return { step, state: "on", text: `${step} %, overseen, ${found}` };
  });
}

/** How many more until the next step, in words. */
export function untilNext(closed: number, total: number): string {
  if (total === 0) return "";
  if (closed >= total) return "Nothing is left.";
  const next = Math.floor((closed / total) * 10) * 10 + 10;
  const more = Math.max(1, Math.ceil((next / 100) * total) - closed);
  return `${num(more)} more until ${next} %`;
}

export const STAGES: Record<string, { said: string; tone: Tone }> = {
  queued: { said: "Queued", tone: "merge" },
  built: { said: "Built", tone: "merge" },
  verifying: { said: "Verifying", tone: "merge" },
  verified: { said: "Verified", tone: "merge" },
  publishing: { said: "Publishing", tone: "merge" },
  held: { said: "Held for you", tone: "wait" },
  parked: { said: "Waits for a green trunk", tone: "wait" },
};
export const stageOf = (stage: string) => STAGES[stage] ?? { said: stage, tone: "merge" as Tone };

export const titleOf = (entry: Pick<Entry, "kind" | "title" | "feature">) =>
  entry.kind === "scaffold"
    ? "Our own files"
    : `${{ undo: "Undo: ", restore: "Bring back: " }[entry.kind] ?? ""}${visible(entry.title ?? entry.feature ?? "")}`;

const SHOWN = 3;

function QueueStrip({ project, at }: { project: string; at: At }) {
  const { data } = useQuery(queueQuery(project, at));
  const path = `/p/${project}/queue`;
  const entries = data ? [...data.queue, ...data.held, ...data.parked] : [];
  const rest = entries.length - SHOWN;
  return (
    <nav className="queueline wide" aria-label="Merge queue">
      <To path={path}>
        <b>Merge queue</b>
        <span className="muted tiny">
          {data?.branch ?? "–"} <code>{short(data?.head)}</code>
        </span>
      </To>
      {data?.trouble && (
        <To path={path} className="q">
          <Chip tone="alarm">Halted</Chip>
          <span className="cut">{visible(data.trouble)}</span>
        </To>
      )}
      {entries.slice(0, data?.trouble ? SHOWN - 1 : SHOWN).map((entry) => (
        <To key={entry.entry} path={path} search={{ entry: entry.entry }} className="q">
          <span className="row">
            <Chip tone={stageOf(entry.stage).tone}>{stageOf(entry.stage).said}</Chip>
            <span className="muted tiny mono">#{entry.entry}</span>
          </span>
          <span className="cut">{titleOf(entry)}</span>
        </To>
      ))}
      {rest > 0 && <span className="free">{num(rest)} more</span>}
      {data && entries.length === 0 && <span className="free">Free.</span>}
      {!data && <span className="free">{at === null ? "" : "Not known for this instant."}</span>}
    </nav>
  );
}

export function Progress({
  project,
  board,
  story,
  at,
}: {
  project: string;
  board: Board;
  story: ProjectStory;
  at: At;
}) {
  const { closed, total } = board.project;
  const go = useGo();
  return (
    <section className="progress" aria-label="Progress">
      <div className="tally">
        <div className="big">
          {percent(closed, total)}
          <small>%</small>
        </div>
        <Tally
          steps={stepsOf(board.milestones ?? story.milestones)}
          onOpen={(step) => go(`/p/${project}/milestones/${step}`)}
        />
        <div className="small soft words">
          {total > 0 ? (
            <>
              <b>
                {num(closed)} of {num(total)} done.
              </b>{" "}
              <br />
              <span className="muted">{untilNext(closed, total)}</span>
            </>
          ) : (
            story.initializing && "The initializer reads the spec."
          )}
        </div>
      </div>
      <QueueStrip project={project} at={at} />
    </section>
  );
}
