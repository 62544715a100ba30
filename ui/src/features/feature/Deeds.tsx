// The actions of a feature at the foot of its drawer. What ends or spends something asks first and says what happens to
// whom.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAction } from "@/features/api/action";
import { projectsQuery, queueQuery } from "@/features/api/queries";
import type { Card, Feature } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { useKeys } from "@/features/keys/keys";
import { Button } from "@/ui/Button";
import { submitted } from "@/ui/events";
import { Area } from "@/ui/Field";
import { Sheet } from "@/ui/Layers";
import { Refused } from "@/ui/Parts";
import { useTyped } from "@/ui/typed";
import { type Deed, deedsOf, isSlot, LABELS, slotOf } from "./deedsOf";

type Ask = { deed: Deed; text: string; how: "done_elsewhere" | "wont_do" };
const NO_WORDS: Partial<Record<Deed, string>> = {};

/** Deeds that are done at once; the others open a sheet. */
const AT_ONCE: ReadonlySet<Deed> = new Set(["requeue", "front", "approve"]);
/** What is typed for them. */
const NEEDS_TEXT: Partial<Record<Deed, string>> = {
  answer: "Your answer",
  refuse: "Why; the next coder reads it",
  submit: "The commit that was pushed, in full",
  release: "Why; it stays in the story",
  reopen: "What is missing; the next coder reads it",
};

const WORDS: Partial<Record<Deed, (card: Card) => string>> = {
  answer: () =>
    "It goes back into the backlog at its old place; the next coder reads your answer first.",
  refuse: () => "It goes back to a coder with your reason.",
  release: (card) =>
    `${card.holder ?? "Its holder"} loses the claim at once. What was pushed is kept; the next claim goes on from there.`,
  restart: (card) =>
    `The session of ${card.holder ?? "its slot"} ends. The work is secured first, and the next claim goes on from there.`,
  withdraw: () => "It leaves the board and the counts. What it was stays in the log.",
  close: () => "It is closed without a merge.",
  reopen: () => "It goes back into the backlog. What was merged stays upstream.",
  undo: () =>
    "What it brought upstream is taken out by a commit of its own, which goes through the merge queue and is verified like any other.",
  submit: (card) =>
    `What ${card.holder ?? "its holder"} pushed to the gate is reviewed next, and then goes to the merge queue.`,
  claim: () => "You get a branch and push to the gate with git; no slot takes it meanwhile.",
};

const SAID: Record<Deed, string> = {
  answer: "Answered.",
  approve: "Approved. It is verified next.",
  refuse: "Sent back.",
  requeue: "Back in the backlog, with fresh tries.",
  front: "Moved to the front.",
  claim: "Claimed. The branch stands under Request.",
  submit: "Handed in.",
  release: "The claim is ended.",
  restart: "Its session ends; the work is being secured.",
  withdraw: "Withdrawn.",
  close: "Closed.",
  reopen: "Opened again.",
  undo: "Undo is queued.",
};

function useDeed(project: string, card: Card, feature: Feature | undefined) {
  const { data: queue } = useQuery({ ...queueQuery(project), enabled: card.status === "held" });
  const of = { p: project, id: card.id };
  const entry = queue?.held.find((one) => one.feature === card.id)?.entry;
  const held = () => {
    if (entry === undefined)
      throw new Error("The entry of the merge queue is not known yet; try again in a moment.");
    return entry;
  };
  return useAction<Ask>(
    async ({ deed, text, how }) => {
      switch (deed) {
        case "answer":
          return writes.answer(of, text);
        case "approve":
          return writes.approveChange(project, held());
        case "refuse":
          return writes.refuseChange(project, held(), text);
        case "requeue":
          return writes.requeue(of);
        case "front":
          return writes.changeFeature(of, {
            priority: 0,
            rank: (feature?.content.rank ?? 0) - 1024,
          });
        case "claim":
          return writes.claimOne(of);
        case "submit":
          return writes.submit(of, card.epoch, text.trim(), card.holder ?? null);
        case "release":
          return writes.release(of, card.epoch, text, card.holder ?? null);
        case "restart":
          return writes.restartContainer(project, slotOf(card.holder ?? "") ?? 0);
        case "withdraw":
          return writes.withdrawFeature(of);
        case "close":
          return writes.close(of, how);
        case "reopen":
          return writes.reopen(of, text);
        case "undo":
          return writes.undoFeature(of);
      }
    },
    ({ deed }) => SAID[deed],
  );
}

function How({ how, onChange }: { how: Ask["how"]; onChange: (how: Ask["how"]) => void }) {
  const options = [
    ["done_elsewhere", "It is done otherwise", "It counts as done."],
    ["wont_do", "It will not be done", "It leaves the counts."],
  ] as const;
  return (
    <fieldset className="stack">
      <legend className="sr">How it is closed</legend>
      {options.map(([value, title, more]) => (
        <label key={value} className="opt">
          <input type="radio" name="how" checked={how === value} onChange={() => onChange(value)} />
          <span>
            <b>{title}</b>
            <br />
            <span className="small soft">{more}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function Deeds({
  project,
  card,
  feature,
}: {
  project: string;
  card: Card;
  feature: Feature | undefined;
}) {
  const { data: projects } = useQuery(projectsQuery());
  const isRunning = projects?.find((one) => one.name === project)?.status === "running";
  const deeds = deedsOf(card.status, !!card.holder && !isSlot(card.holder)).filter(
    (deed) => isRunning || deed !== "claim",
  );
  const [words, setWords] = useTyped(`deed ${project}/${card.id}`, NO_WORDS);
  const [asked, setAsk] = useState<Omit<Ask, "text"> | null>(null);
  const ask: Ask | null = asked && { ...asked, text: words[asked.deed] ?? "" };
  const action = useDeed(project, card, feature);
  const begin = (deed: Deed) => {
    const fresh = { deed, how: "done_elsewhere" as const };
    if (AT_ONCE.has(deed)) void action.go({ ...fresh, text: "" });
    else {
      action.forget();
      setAsk(fresh);
    }
  };
  useKeys({
    e: deeds.includes("approve") ? () => begin("approve") : undefined,
    r: deeds.includes("refuse") ? () => begin("refuse") : undefined,
  });
  if (deeds.length === 0) return null;
  const label = ask && NEEDS_TEXT[ask.deed];
  const send = async () => {
    if (!ask || !(await action.go(ask))) return;
    setWords(NO_WORDS);
    setAsk(null);
  };

  return (
    <footer>
      {deeds.map((deed, at) => (
        <Button
          key={deed}
          look={
            /withdraw|release|restart/.test(deed)
              ? "danger"
              : at === 0 && card.status !== "closed"
                ? "first"
                : "plain"
          }
          busy={action.busy}
          {...(deed === "approve" && { keys: "E" })}
          {...(deed === "refuse" && { keys: "R" })}
          onClick={() => begin(deed)}
        >
          {LABELS[deed]}
        </Button>
      ))}
      {action.problem && !ask && (
        <Refused detail={action.problem.detail} code={action.problem.code} />
      )}
      <Sheet
        open={ask !== null}
        onClose={() => setAsk(null)}
        title={ask ? LABELS[ask.deed].replace("…", "") : ""}
      >
        {ask && (
          <form className="stack" onSubmit={submitted(() => void send())}>
            <h2>{LABELS[ask.deed].replace("…", "")}</h2>
            <p className="soft">{WORDS[ask.deed]?.(card)}</p>
            {label && (
              <Area
                label={label}
                autoFocus
                rows={4}
                value={ask.text}
                onChange={(event) => setWords({ ...words, [ask.deed]: event.target.value })}
              />
            )}
            {ask.deed === "close" && (
              <How how={ask.how} onChange={(how) => setAsk({ deed: ask.deed, how })} />
            )}
            {action.problem && (
              <Refused detail={action.problem.detail} code={action.problem.code} />
            )}
            <div className="row">
              <Button
                look={/withdraw|release|restart|close/.test(ask.deed) ? "danger" : "first"}
                type="submit"
                busy={action.busy}
                unable={label && !ask.text.trim() ? "Write it first" : null}
              >
                {LABELS[ask.deed].replace("…", "")}
              </Button>
              <Button look="ghost" keys="Esc" onClick={() => setAsk(null)}>
                Cancel
              </Button>
            </div>
          </form>
        )}
      </Sheet>
    </footer>
  );
}
