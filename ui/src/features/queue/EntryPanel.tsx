// One entry of the merge queue: what it changes, why it waits, and for a held one the decision.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useAction } from "@/features/api/action";
import { asProblem } from "@/features/api/problem";
import { entryDiffQuery } from "@/features/api/queries";
import type { At, Entry } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { stageOf, titleOf } from "@/features/board/Progress";
import { useRemarks } from "@/features/feature/useRemarks";
import { useKeys } from "@/features/keys/keys";
import { To, useSearchAll, useSetSearch } from "@/features/nav/links";
import { Why } from "@/features/why/Why";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { DiffView } from "@/ui/DiffView";
import { parseDiff } from "@/ui/diff";
import { submitted } from "@/ui/events";
import { Area } from "@/ui/Field";
import { short } from "@/ui/format";
import { SidePanel } from "@/ui/Layers";
import { Refused, Skeleton } from "@/ui/Parts";
import { useTyped } from "@/ui/typed";
import { useMedia } from "@/ui/useMedia";

export function EntryDiff({ project, entry }: { project: string; entry: Entry }) {
  const { data, error } = useQuery(entryDiffQuery(project, entry.entry));
  const diff = useMemo(() => (data === undefined ? null : parseDiff(data)), [data]);
  const notes = useRemarks(project, entry.feature ?? null, diff);
  if (error) return <Refused detail={asProblem(error).detail} code={asProblem(error).code} />;
  if (!diff) return <Skeleton lines={4} />;
  return <DiffView diff={diff} narrow notes={notes} />;
}

/** Approve, or send back with a reason. */
export function Decide({ project, entry }: { project: string; entry: number }) {
  const [why, setWhy] = useTyped(`refusal ${project}/${entry}`, "");
  const [asking, setAsking] = useState(false);
  const approve = useAction(
    () => writes.approveChange(project, entry),
    () => "Approved. It is verified next.",
  );
  const refuse = useAction(
    (text: string) => writes.refuseChange(project, entry, text),
    () => "Sent back to a coder.",
  );
  const problem = approve.problem ?? refuse.problem;
  useKeys({ e: () => void approve.go(undefined), r: () => setAsking(true) });

  return (
    <div className="stack">
      <div className="row wrap">
        <Button
          look="first"
          keys="E"
          busy={approve.busy}
          onClick={() => void approve.go(undefined)}
        >
          Approve
        </Button>
        <Button keys="R" aria-expanded={asking} onClick={() => setAsking(!asking)}>
          Send back…
        </Button>
      </div>
      {asking && (
        <form
          className="stack"
          onSubmit={submitted(() => void refuse.go(why).then((done) => done && setWhy("")))}
        >
          <Area
            label="Why; the next coder reads it"
            autoFocus
            rows={3}
            value={why}
            onChange={(event) => setWhy(event.target.value)}
          />
          <div className="row">
            <Button
              look="first"
              type="submit"
              busy={refuse.busy}
              unable={why.trim() ? null : "Write why first"}
            >
              Send back
            </Button>
            <Button look="ghost" onClick={() => setAsking(false)}>
              Cancel
            </Button>
          </div>
        </form>
      )}
      {problem && <Refused detail={problem.detail} code={problem.code} />}
    </div>
  );
}

export function Paths({ paths, title }: { paths: readonly string[]; title: string }) {
  if (paths.length === 0) return null;
  return (
    <p className="small soft">
      {title}{" "}
      {paths.map((path, at) => (
        <span key={path}>
          {at > 0 && ", "}
          <code>
            <AgentText text={path} />
          </code>
        </span>
      ))}
    </p>
  );
}

export function EntryPanel({
  project,
  entries,
  at,
}: {
  project: string;
  entries: readonly Entry[];
  at: At;
}) {
  const isPast = at !== null;
  const { entry: number } = useSearchAll();
  const set = useSetSearch();
  const phone = useMedia("(max-width: 51.25em)");
  const close = () => set({ entry: undefined });
  useKeys({ escape: number ? close : undefined });
  const entry = entries.find((one) => one.entry === number);
  if (!number) return null;
  const stage = entry ? stageOf(entry.stage) : null;

  return (
    <SidePanel open modal={phone} onClose={close} title={`Entry ${number}`} className="drawer">
      <header>
        <div className="row">
          <span className="mono muted small">#{number}</span>
          {stage && <Chip tone={stage.tone}>{stage.said}</Chip>}
          <span className="grow" />
          <Button small look="ghost" icon="close" aria-label="Close" onClick={close} />
        </div>
        <h2>{entry ? titleOf(entry) : `Entry ${number}`}</h2>
        <p className="small soft pb-3">
          {entry?.candidate ? (
            <>
              Candidate <code>{short(entry.candidate)}</code>
              {entry.proof ? `, ${entry.proof}` : ""}
            </>
          ) : entry ? (
            "No candidate is built yet."
          ) : (
            "It is not in the queue any more; the log says why it left."
          )}
        </p>
      </header>
      <div className="body stack" tabIndex={0} role="region" aria-label="Entry">
        <Why project={project} about="merge" id={String(number)} at={at} />
        {entry?.stage === "held" && (
          <p className="soft">
            It passed review, and changes paths that you protect. Others go past it meanwhile.
          </p>
        )}
        {entry && <Paths title="Protected:" paths={entry.protected} />}
        {entry && <Paths title="Changes what verifies it:" paths={entry.checks ?? []} />}
        {entry?.stage === "held" && !isPast && <Decide project={project} entry={entry.entry} />}
        {entry?.feature && (
          <p className="small">
            <To path={`/p/${project}/board`} search={{ feature: entry.feature }}>
              The feature and its story
            </To>
          </p>
        )}
        {entry && !isPast && <EntryDiff project={project} entry={entry} />}
      </div>
    </SidePanel>
  );
}
