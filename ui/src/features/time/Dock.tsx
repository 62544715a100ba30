// Time under everything: the same on every screen, and the sign whether what is seen is live.
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { positionQuery } from "@/features/api/queries";
import { live } from "@/features/live/state";
import { streamOf } from "@/features/live/streams";
import { sentence } from "@/features/log/words";
import { Button } from "@/ui/Button";
import { Dot } from "@/ui/Chip";
import { useNow } from "@/ui/clock";
import { ago, hms, num, span } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { Timeline } from "@/ui/Timeline";
import { type Instant, useInstant, useMoveTo, useSeek, useStep } from "./instant";
import { type Play, usePlay } from "./play";
import { type Run, useRun } from "./run";
import { positionAt, shareOf, shareOfPosition, ticksOf, timeAt, timeOf } from "./timeline";

/** At the right edge one means now. */
const EDGE = 0.995;

function NowSign({ run }: { run: Run }) {
  const { phase, head, headAt, skew } = live.use();
  const now = useNow();
  if (phase === "lost") {
    return (
      <div className="where">
        <b className="text-alarm">
          <Dot kind="hollow" />
          Not connected
        </b>
        <small>{head === null ? "nothing was seen yet" : `seen up to position ${num(head)}`}</small>
      </div>
    );
  }
  // The feed says when its newest event was recorded; before the first one comes, the run that was read does.
  const at = headAt ?? (!run.isPart && run.line.last === head ? run.line.to : null);
  const age = at === null ? "" : ` · ${ago(at, now + skew)}`;
  return (
    <div className="where">
      <b className="text-done">
        <Dot kind="beat" />
        Now
      </b>
      <small>{head === null ? "connecting" : `position ${num(head)}${age}`}</small>
    </div>
  );
}

function ThenSign({ time, position }: { time: number | null; position: number | null }) {
  const now = useNow();
  return (
    <div className="where">
      <b className="text-wait">
        <Icon name="clock" />
        {time === null ? "Then" : hms(time)}
      </b>
      <small>
        {time === null ? "" : `${span(now - time)} ago · `}
        {position === null ? "finding it" : `position ${num(position)}`}
      </small>
    </div>
  );
}

/** The handle: where it stands while it is dragged, and what that asks for. */
function useHandle({ line, isPart }: Run, instant: Instant) {
  const queries = useQueryClient();
  const seek = useSeek();
  const moveTo = useMoveTo();
  const [dragged, setDragged] = useState<number | null>(null);
  const { event, position, isPast } = instant;
  const still = event
    ? shareOf(line, timeOf(event))
    : position === null
      ? 1
      : shareOfPosition(line, position);
  const isNow = (x: number) => x > EDGE && !isPart;
  // Before the run was read no place on the line is any instant.
  const isRead = line.counts.length > 0;

  return {
    dragged,
    x: dragged ?? (isPast ? still : 1),
    onSeek: (x: number) => {
      if (!isRead) return;
      setDragged(x);
      seek.to(isNow(x) ? null : positionAt(line, x));
    },
    /** Between events of one share the server knows which was the last. */
    onSettle: async (x: number) => {
      if (!isRead) return;
      seek.forget();
      const address = location.href;
      if (isNow(x)) moveTo(null);
      else {
        const time = new Date(Math.round(timeAt(line, x))).toISOString();
        const found = await queries.fetchQuery(positionQuery(time)).catch(() => null);
        // Whoever went on meanwhile is not brought back.
        if (location.href === address)
          moveTo(found ? Math.max(1, found.position) : positionAt(line, x));
      }
      setDragged(null);
    },
  };
}

function Keys({
  run,
  isPast,
  play,
  step,
}: {
  run: Run;
  isPast: boolean;
  play: Play;
  step: (by: number) => void;
}) {
  const moveTo = useMoveTo();
  return (
    <div className="keys">
      {run.isPart && (
        <Button small look="ghost" className="wide" title="Double-click" onClick={run.whole}>
          Whole run
        </Button>
      )}
      <Button
        small
        look="ghost"
        icon="back"
        aria-label="One event back"
        title="One event back  ["
        onClick={() => step(-1)}
      />
      <Button
        small
        look="ghost"
        icon={play.playing ? "pause" : "play"}
        aria-label={play.playing ? "Pause" : "Play the log"}
        title="Play  P"
        onClick={play.toggle}
      />
      {play.playing && (
        <Button
          small
          look="ghost"
          aria-label={`Speed ${play.speed}: change it`}
          title="How fast: the whole run in a minute is 1"
          onClick={play.faster}
        >
          {play.speed < 1 ? "¼" : play.speed}×
        </Button>
      )}
      <Button
        small
        look="ghost"
        icon="forth"
        aria-label="One event on"
        title="One event on  ]"
        onClick={() => step(1)}
      />
      <Button
        small
        look={isPast ? "first" : "ghost"}
        className="wide"
        keys="."
        unable={isPast ? null : "This is now"}
        onClick={() => moveTo(null)}
      >
        Now
      </Button>
    </div>
  );
}

export function Dock({ project }: { project: string | null }) {
  const instant = useInstant();
  const { isPast, event, position } = instant;
  const run = useRun(project);
  const { line } = run;
  const { head } = live.use();
  const moveTo = useMoveTo();
  const step = useStep(project);
  const handle = useHandle(run, instant);
  const ticks = useMemo(() => ticksOf(line), [line]);
  const seek = useSeek();
  const play = usePlay(line.to > line.from, isPast ? handle.x : 1, (x) =>
    seek.to(x >= 1 ? null : positionAt(line, x)),
  );
  const moving = handle.dragged === null ? null : timeAt(line, handle.dragged);
  const time = moving ?? (event ? timeOf(event) : null);
  const isOurs = event && (project === null || streamOf(event.stream).project === project);
  const words = moving === null && isOurs ? ` · ${sentence(event)}` : "";

  return (
    <section className="dock" aria-label="Time">
      {isPast ? <ThenSign time={time} position={position} /> : <NowSign run={run} />}
      <Timeline
        counts={line.counts}
        marks={line.marks}
        ticks={ticks}
        x={handle.x}
        tag={isPast && time !== null ? `${hms(time)}${words}` : null}
        now={{
          position: isPast ? (position ?? 1) : (head ?? 1),
          head: head ?? 1,
          text:
            isPast && time !== null
              ? `position ${position}, ${hms(time)}, ${span(Date.now() - time)} ago`
              : "now",
        }}
        onSeek={handle.onSeek}
        onSettle={(x) => void handle.onSettle(x)}
        onStep={step}
        onEnd={(end) => moveTo(end === "now" ? null : line.first)}
        onMark={(mark) => moveTo(mark.position)}
        onZoom={run.zoom}
        onWhole={run.whole}
      />
      <Keys run={run} isPast={isPast} play={play} step={step} />
    </section>
  );
}
