// The fleet: how many slots are wanted, what each of them does, and who works from outside.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useAction } from "@/features/api/action";
import { queueQuery, sessionsQuery, usageQuery } from "@/features/api/queries";
import type { Board, Card } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { busyOf } from "@/features/board/BoardScreen";
import { useBoard } from "@/features/board/useBoard";
import { isSlot } from "@/features/feature/deedsOf";
import { cardOf } from "@/features/live/reducer";
import { Here, useAt } from "@/features/nav/links";
import { RunButtons } from "@/features/projects/RunButtons";
import { Chip } from "@/ui/Chip";
import { Dial } from "@/ui/Dial";
import { many, num, usd } from "@/ui/format";
import { Head, NotShown, Refused, Skeleton, Void } from "@/ui/Parts";
import { visible } from "@/ui/visible";
import { SlotCard } from "./SlotCard";
import { tracked, tracks } from "./samples";

/** The slider goes up to here, whatever a project allows beyond. */
const MOST = 10;

/** Who holds something without being a slot: people and their own agents. */
export function outsiders(board: Board): Map<string, Card[]> {
  const found = new Map<string, Card[]>();
  for (const card of board.columns.in_progress) {
    if (!card.holder || isSlot(card.holder)) continue;
    found.set(card.holder, [...(found.get(card.holder) ?? []), card]);
  }
  return found;
}

function Wanted({ board }: { board: Board }) {
  const { name, target, settings } = board.project;
  const most = Math.min(MOST, settings.target_max ?? MOST);
  const action = useAction(
    (count: number) => writes.setTarget(name, count),
    (count) => `${many(count, "slot")} wanted.`,
  );
  return (
    <>
      <Dial
        label="slots wanted"
        value={target}
        max={most}
        unable={null}
        onSend={action.go}
        say={(count) =>
          count === target
            ? "More begin at once. Fewer never ends a session: a slot leaves when it is done."
            : count > target
              ? `${many(count - target, "slot")} more, at once.`
              : `${many(target - count, "slot")} fewer. No session ends for it: a slot leaves when it is done.`
        }
      />
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
    </>
  );
}

function Outside({
  name,
  cards,
  project,
}: {
  name: string;
  cards: readonly Card[];
  project: string;
}) {
  return (
    <article className="panel slot outside" aria-label={name}>
      <header>
        <h2>{visible(name)}</h2>
        <Chip>Outside, by hand</Chip>
      </header>
      <div className="in">
        {cards.map((card) => (
          <Here key={card.id} search={{ feature: card.id }} className="job">
            {visible(card.title)}
          </Here>
        ))}
        <p className="soft small">
          Anybody may claim as a slot does: <code>supercargo feature claim {project}</code>
        </p>
      </div>
    </article>
  );
}

function useUsage(project: string, isPast: boolean) {
  const { data, dataUpdatedAt } = useQuery({ ...usageQuery(project), enabled: !isPast });
  useEffect(() => {
    if (data) tracks.set(tracked(tracks.get(), data.containers, dataUpdatedAt));
  }, [data, dataUpdatedAt]);
  return isPast ? undefined : data;
}

export default function FleetScreen({ project }: { project: string }) {
  const at = useAt();
  const isPast = at !== null;
  const { board, problem } = useBoard(project, at);
  const { data: sessions } = useQuery(sessionsQuery(project, at));
  const usage = useUsage(project, isPast);
  const { data: queue } = useQuery(queueQuery(project, at));
  const others = useMemo(() => (board ? [...outsiders(board)] : []), [board]);
  const bySlot = useMemo(() => {
    const sums = new Map<number, number>();
    for (const one of sessions ?? []) sums.set(one.n, (sums.get(one.n) ?? 0) + one.usage.micro_usd);
    return sums;
  }, [sessions]);
  if (problem && !board) return <NotShown detail={problem.detail} code={problem.code} />;
  if (!board) return <Skeleton lines={6} />;
  const spend = board.project.micro_usd;
  const busy = busyOf(board);

  return (
    <>
      <Head
        title="Fleet"
        actions={
          isPast ? (
            <Chip tone="wait">Read only</Chip>
          ) : (
            <RunButtons project={board.project} busy={busy} />
          )
        }
      >
        {num(busy)} of {num(board.project.target)} slots {busy === 1 ? "is" : "are"} busy.
        {sessions &&
          ` ${many(sessions.length, "session")} so far${spend ? `, ${usd(spend)}` : ""}.`}
      </Head>
      <div className="scroll">
        {!isPast && <Wanted board={board} />}
        {usage?.engine_trouble && (
          <Refused detail={`The engine could not be asked: ${usage.engine_trouble}`} />
        )}
        {board.slots.length === 0 && others.length === 0 && (
          <Void title="No slot yet">
            Slots are enlisted when the project is started, as many as are wanted.
          </Void>
        )}
        <div className="slots">
          {board.slots.map((slot) => (
            <SlotCard
              key={slot.n}
              project={project}
              slot={slot}
              card={slot.feature ? cardOf(board, slot.feature)?.card : undefined}
              entry={queue?.queue.find((one) => one.verification?.slot === slot.n)}
              usage={usage?.containers.find((one) => one.n === slot.n)}
              spend={bySlot.get(slot.n) ?? null}
              isPast={isPast}
            />
          ))}
          {others.map(([name, cards]) => (
            <Outside key={name} name={name} cards={cards} project={project} />
          ))}
        </div>
      </div>
    </>
  );
}
