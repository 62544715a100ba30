// A slot: what it does, for which feature, since when, what it uses, and what can be done with it.
import { useState } from "react";
import { useAction } from "@/features/api/action";
import type { Card, ContainerUsage, Entry, Slot } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { Here, To } from "@/features/nav/links";
import { WhyMore } from "@/features/why/WhyMore";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip, type Tone } from "@/ui/Chip";
import { useMoment } from "@/ui/clock";
import { bytes, since, usd } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { Confirm } from "@/ui/Layers";
import { Refused } from "@/ui/Parts";
import { Sparkline } from "@/ui/Sparkline";
import { visible } from "@/ui/visible";
import { KEPT, tracks } from "./samples";

const ROLES: Record<string, { said: string; tone: Tone }> = {
  coder: { said: "Coding", tone: "go" },
  reviewer: { said: "Reviewing", tone: "look" },
  verifier: { said: "Verifying", tone: "merge" },
  overseer: { said: "Overseeing", tone: "look" },
  initializer: { said: "Initializing", tone: "go" },
};

const isOut = (slot: Slot) =>
  slot.status === "quarantined" || (slot.status === "idle" && slot.note !== null);

/** What a slot does, in a word. */
export function doing(slot: Slot): { said: string; tone: Tone; dot: "beat" | "hollow" } {
  if (slot.status === "quarantined")
    return { said: "Out of service", tone: "alarm", dot: "hollow" };
  if (isOut(slot)) return { said: "Withheld", tone: "wait", dot: "hollow" };
  if (slot.status === "idle") return { said: "Free", tone: "", dot: "hollow" };
  if (slot.status === "assigned" || slot.status === "starting")
    return { said: "Starting", tone: "go", dot: "beat" };
  if (slot.status === "ending") return { said: "Ending", tone: "", dot: "beat" };
  const role = ROLES[slot.role ?? ""] ?? { said: slot.role ?? slot.status, tone: "go" as Tone };
  return { ...role, dot: "beat" };
}

function padded(samples: readonly (number | null)[]): (number | null)[] {
  return [...Array<null>(Math.max(0, KEPT - samples.length)).fill(null), ...samples];
}

function Meters({ usage }: { usage: ContainerUsage | undefined }) {
  const track = tracks.use()[usage?.container ?? ""];
  const samples = usage ? (track?.samples ?? []) : [];
  const cpu = samples.at(-1)?.cpu ?? null;
  const most = usage?.memory_max_bytes ?? 0;
  return (
    <div className="meters">
      <div>
        CPU <b>{cpu === null ? "–" : `${Math.round(cpu * 100)} %`}</b>
        <Sparkline samples={padded(samples.map((one) => one.cpu))} />
      </div>
      <div>
        Memory <b>{usage ? `${bytes(usage.memory_bytes)} of ${bytes(most)}` : "–"}</b>
        <Sparkline
          kind="mem"
          samples={padded(samples.map((one) => (most > 0 ? one.memory / most : null)))}
        />
      </div>
    </div>
  );
}

/** What sessions do that are of no one feature. */
const WHOLE: Record<string, string> = {
  initializer: "Splits the spec into features",
  verifier: "Verifies what is to be published",
};

function Job({
  project,
  slot,
  card,
  entry,
}: {
  project: string;
  slot: Slot;
  entry: Entry | undefined;
  card: Card | undefined;
}) {
  const model = slot.model ?? slot.dialect;
  const epoch = slot.epoch;
  return (
    <div>
      <span className="muted tiny">
        {model ? `${visible(model)} · ` : ""}
        {slot.feature ? <span className="mono">{slot.feature}</span> : "the whole project"}
        {epoch ? ` · claim ${epoch}` : ""}
      </span>
      {slot.feature ? (
        <Here search={{ feature: slot.feature }} className="job">
          {visible(card?.title ?? slot.feature)}
        </Here>
      ) : (
        <span className="job">
          {slot.role === "verifier" && entry ? (
            <To path={`/p/${project}/queue`} search={{ entry: entry.entry }}>
              Verifies #{entry.entry} {visible(entry.title ?? "")}
            </To>
          ) : (
            (WHOLE[slot.role ?? ""] ?? "Looks at the project as a whole")
          )}
        </span>
      )}
    </div>
  );
}

function Acts({ project, slot }: { project: string; slot: Slot }) {
  const [asking, setAsking] = useState(false);
  const out = isOut(slot);
  const restart = useAction(
    () => writes.restartContainer(project, slot.n),
    () =>
      out
        ? `Slot ${slot.n} is back in service.`
        : `Slot ${slot.n} secures its work and begins afresh.`,
  );
  const stop = useAction(
    () => writes.stopContainer(project, slot.n),
    () => `Slot ${slot.n} is taken out of service.`,
  );
  const problem = restart.problem ?? stop.problem;
  const works = slot.session !== null;
  return (
    <>
      <Button
        small
        look={out ? "plain" : "ghost"}
        icon="again"
        busy={restart.busy}
        unable={out || works ? null : "Nothing runs here that could be started again"}
        onClick={() => void restart.go(undefined)}
      >
        {out ? "Back in service" : "Restart"}
      </Button>
      {!out && (
        <Button small look="ghost" icon="stop" busy={stop.busy} onClick={() => setAsking(true)}>
          Stop
        </Button>
      )}
      {problem && <Refused detail={problem.detail} code={problem.code} />}
      <Confirm
        question={
          asking
            ? {
                title: `Stop slot ${slot.n}?`,
                consequences: (
                  <p>
                    {works
                      ? "Its session ends; the work is secured first, and the next claim goes on from there. "
                      : ""}
                    The slot takes nothing new until it is put back in service.
                  </p>
                ),
                yes: "Stop it",
                danger: true,
              }
            : null
        }
        onNo={() => setAsking(false)}
        onYes={() => {
          setAsking(false);
          void stop.go(undefined);
        }}
      />
    </>
  );
}

type Props = {
  project: string;
  slot: Slot;
  card: Card | undefined;
  /** What it verifies. */
  entry: Entry | undefined;
  usage: ContainerUsage | undefined;
  spend: number | null;
  isPast: boolean;
};

export function SlotCard({ project, slot, card, entry, usage, spend, isPast }: Props) {
  const now = useMoment();
  const { said, tone, dot } = doing(slot);
  const from = slot.since;
  const idle = slot.session === null;
  return (
    <article className="panel slot" aria-label={`Slot ${slot.n}`}>
      <header>
        <h2>Slot {slot.n}</h2>
        <Chip tone={tone} dot={dot}>
          {said} {from ? since(from, now) : ""}
        </Chip>
      </header>
      <div className="in">
        {idle ? (
          <p className="soft small free">
            {slot.note ? (
              <AgentText text={slot.note} />
            ) : (
              "Nothing is ready for it. It takes the next feature by itself."
            )}
          </p>
        ) : (
          <Job project={project} slot={slot} card={card} entry={entry} />
        )}
        {/* What a container used is measured while it runs and kept nowhere. */}
        {!isPast && <Meters usage={idle ? undefined : usage} />}
        {slot.last && (
          <p className="thought">
            <AgentText text={slot.last.text} />
          </p>
        )}
        {slot.failures > 0 && <p className="small wrong">Failed {slot.failures} times in a row.</p>}
        <WhyMore project={project} about="slot" id={String(slot.n)} />
      </div>
      <footer>
        <To className="btn sm ghost" path={`/p/${project}/output`} search={{ slot: slot.n }}>
          <Icon name="output" />
          Output
        </To>
        {!isPast && <Acts project={project} slot={slot} />}
        <span className="grow" />
        <span className="tiny muted">{spend ? `${usd(spend)} in all` : ""}</span>
      </footer>
    </article>
  );
}
