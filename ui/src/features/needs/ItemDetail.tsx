// One thing that waits: what is the matter, what can be done about it, where it stood before.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useAction } from "@/features/api/action";
import { queueQuery } from "@/features/api/queries";
import type { At, Card } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { type Stand, standsOf } from "@/features/board/derive";
import { useBoard } from "@/features/board/useBoard";
import { Deeds } from "@/features/feature/Deeds";
import { Said, useStory } from "@/features/feature/StoryTab";
import { cardOf } from "@/features/live/reducer";
import { sentence, toneOf, who } from "@/features/log/words";
import { To, useAt } from "@/features/nav/links";
import { Decide, EntryDiff, Paths } from "@/features/queue/EntryPanel";
import { WhyMore } from "@/features/why/WhyMore";
import { AgentText, Quote } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { useMoment } from "@/ui/clock";
import { submitted } from "@/ui/events";
import { Area } from "@/ui/Field";
import { hhmm, since } from "@/ui/format";
import { Confirm } from "@/ui/Layers";
import { Refused, Time } from "@/ui/Parts";
import { Story } from "@/ui/Story";
import { toast } from "@/ui/Toasts";
import { useTyped } from "@/ui/typed";
import { visible } from "@/ui/visible";
import type { Item } from "./items";
import { type Remedy, remedyOf, sectionOf } from "./remedies";

/** Moments of the story that are shown beside the thing itself. */
const BEFORE = 5;

/** Since when a feature stands where it stands, from its own story. */
function useStand(project: string, id: string | null, at: At): Stand | undefined {
  const { events } = useStory(project, id ?? "", at);
  return useMemo(
    () => (id ? standsOf([...(events ?? [])].reverse(), project).get(id) : undefined),
    [events, project, id],
  );
}

function Stood({ project, id }: { project: string; id: string }) {
  const at = useAt();
  const { events } = useStory(project, id, at);
  if (!events || events.length === 0) return null;
  return (
    <section>
      <h3 className="mt-6 mb-1">Where it stood</h3>
      <Story
        label="Where it stood"
        moments={events.slice(0, BEFORE).map((event) => ({
          key: event.position,
          tone: toneOf(event),
          time: <Time at={event.at}>{hhmm(event.at)}</Time>,
          body: (
            <>
              <AgentText text={sentence(event)} />{" "}
              <span className="muted">by {visible(who(event.principal))}</span>
              <Said event={event} />
            </>
          ),
        }))}
      />
      <p className="small row">
        <To path={`/p/${project}/board`} search={{ feature: id }}>
          Whole story
        </To>
        <To path={`/p/${project}/board`} search={{ feature: id, tab: "diff" }}>
          Its work
        </To>
        <To path={`/p/${project}/board`} search={{ feature: id, tab: "request" }}>
          Change what it asks for
        </To>
      </p>
    </section>
  );
}

function Answer({
  project,
  card,
  question,
  options,
}: {
  project: string;
  card: Card;
  question: string;
  options: readonly string[];
}) {
  const [text, change] = useTyped(`answer ${project}/${card.id}`, "");
  const action = useAction(
    (said: string) => writes.answer({ p: project, id: card.id }, said),
    () => "Answered. Back in the backlog at its old place.",
  );
  const send = async (said: string) => {
    if (await action.go(said)) change("");
  };
  return (
    <>
      <p className="soft mb-3">
        A coder stopped here. The work is secured, and the claim cost no try.
      </p>
      <Quote text={question} large />
      <form
        className="stack mt-4"
        onSubmit={submitted(() => void send(text))}
        onKeyDown={(event) =>
          event.key === "Enter" &&
          (event.ctrlKey || event.metaKey) &&
          text.trim() &&
          void send(text)
        }
      >
        <Area
          label="Your answer"
          rows={4}
          placeholder="The next coder reads it first."
          value={text}
          onChange={(event) => change(event.target.value)}
        />
        <div className="row wrap">
          <Button
            look="first"
            type="submit"
            keys="⌃⏎"
            busy={action.busy}
            unable={text.trim() ? null : "Write an answer first"}
          >
            Answer
          </Button>
          {options.map((option) => (
            <Button key={option} busy={action.busy} onClick={() => void send(option)}>
              {visible(option)}
            </Button>
          ))}
        </div>
        {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      </form>
    </>
  );
}

function Held({ item, isPast }: { item: Item; isPast: boolean }) {
  const { data } = useQuery({ ...queueQuery(item.project), enabled: !isPast });
  const entry = data?.held.find(
    (one) => one.entry === item.entry || (item.feature !== null && one.feature === item.feature),
  );
  if (isPast || !entry) return <p className="soft">{visible(item.text)}</p>;
  return (
    <div className="stack">
      <p className="soft">
        It passed review, and changes paths that you protect. Others go past it meanwhile.
      </p>
      <Paths title="Protected:" paths={entry.protected} />
      <Decide project={item.project} entry={entry.entry} />
      <EntryDiff project={item.project} entry={entry} />
      {entry.feature && <Stood project={item.project} id={entry.feature} />}
    </div>
  );
}

/** The button of a remedy; what cannot be taken back is asked first. */
function Settle({ remedy }: { remedy: Remedy }) {
  const [asking, setAsking] = useState(false);
  const action = useAction(remedy.run, () => remedy.said);
  return (
    <>
      <Button
        look="first"
        busy={action.busy}
        onClick={() => (remedy.asks ? setAsking(true) : void action.go(undefined))}
      >
        {remedy.label}
      </Button>
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <Confirm
        question={
          asking
            ? {
                title: `${remedy.label.replace("…", "")}?`,
                consequences: <p>{remedy.asks}</p>,
                yes: remedy.label.replace("…", ""),
                danger: true,
              }
            : null
        }
        onNo={() => setAsking(false)}
        onYes={() => {
          setAsking(false);
          void action.go(undefined);
        }}
      />
    </>
  );
}

function Other({ item, isPast }: { item: Item; isPast: boolean }) {
  const remedy = remedyOf(item.command, item.project);
  const section = sectionOf(item.command);
  const place = /upstream|trunk/.test(item.kind) ? "queue" : item.slot ? "fleet" : "board";
  return (
    <div className="stack">
      <p className="soft">
        <AgentText text={item.text} />
      </p>
      {!isPast && (
        <div className="row wrap">
          {remedy && <Settle remedy={remedy} />}
          {section && (
            <To className="btn first" path={`/p/${item.project}/settings/${section}`}>
              Set it
            </To>
          )}
          <To className="btn" path={`/p/${item.project}/${place}`}>
            Look at it
          </To>
        </div>
      )}
      {item.command && (
        <div className="row">
          <pre className="raw grow">{item.command}</pre>
          <Button
            small
            icon="copy"
            aria-label="Copy the command"
            onClick={() =>
              void navigator.clipboard?.writeText(item.command ?? "").then(() => toast("Copied."))
            }
          />
        </div>
      )}
    </div>
  );
}

function Feature({ item, isPast }: { item: Item; isPast: boolean }) {
  const at = useAt();
  const { board } = useBoard(item.project, at);
  const id = item.feature ?? "";
  const card = cardOf(board, id)?.card;
  if (!card) return <Other item={item} isPast={isPast} />;
  const note = card.note ?? item.text;
  return (
    <>
      {card.status === "asked" && !isPast ? (
        <Answer project={item.project} card={card} question={note} options={[]} />
      ) : (
        <>
          <Quote text={note} />
          {!isPast && (
            <div className="deeds">
              <Deeds project={item.project} card={card} feature={undefined} />
            </div>
          )}
        </>
      )}
      <Stood project={item.project} id={id} />
    </>
  );
}

export function ItemDetail({ item, isPast }: { item: Item; isPast: boolean }) {
  const now = useMoment();
  const at = useAt();
  const { board } = useBoard(item.project, at);
  const stand = useStand(item.project, item.feature, at);
  const held = [...(board?.columns.needs_you ?? [])].find((one) => one.id === item.feature);
  const from = item.since ?? stand?.since;
  const { data: queue } = useQuery({
    ...queueQuery(item.project),
    enabled: item.kind === "held" && !isPast,
  });
  const entry = queue?.held.find((one) => one.entry === item.entry);
  const title = held?.title ?? entry?.title ?? item.chip.said;
  return (
    <>
      <div className="row wrap">
        <Chip tone={item.chip.tone}>{item.chip.said}</Chip>
        <span className="muted small">
          {item.project}
          {(item.feature ?? entry?.feature) && (
            <span className="mono"> · {item.feature ?? entry?.feature}</span>
          )}
          {from ? ` · waits for ${since(from, now)}` : ""}
        </span>
      </div>
      <h2>{visible(title)}</h2>
      {item.kind === "held" ? (
        <Held item={item} isPast={isPast} />
      ) : item.feature ? (
        <Feature item={item} isPast={isPast} />
      ) : (
        <Other item={item} isPast={isPast} />
      )}
      <Reasons item={item} entry={entry?.entry ?? null} />
    </>
  );
}

/** Why it is so, of the nearest thing that the item names. */
function Reasons({ item, entry }: { item: Item; entry: number | null }) {
  const { project, feature, slot } = item;
  const number = item.entry ?? entry;
  if (feature) return <WhyMore project={project} about="feature" id={feature} />;
  if (number) return <WhyMore project={project} about="merge" id={String(number)} />;
  if (slot) return <WhyMore project={project} about="slot" id={String(slot)} />;
  return <WhyMore project={project} about="project" id={null} />;
}
