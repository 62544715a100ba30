// Time under everything: the same on every screen, and the sign whether what is seen is live.
import { useMemo } from "react";
import { live } from "@/features/live/state";
import { book } from "@/features/log/book";
import { sentence } from "@/features/log/words";
import { Button } from "@/ui/Button";
import { Dot } from "@/ui/Chip";
import { useNow } from "@/ui/clock";
import { ago, hms, num, span } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { Timeline } from "@/ui/Timeline";
import { useInstant, useMoveTo } from "./instant";
import { usePlay } from "./play";
import { eventAt, lineOf, shareOf, ticksOf, timeOf } from "./timeline";

const BUCKETS = 176;

function NowSign() {
  const { phase, head, headAt, skew } = live.use();
  const newest = book.use().events.at(-1);
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
  // The feed says when its newest event was recorded; before the first one comes, the log that was read does.
  const at = headAt ?? (newest?.position === head && newest ? timeOf(newest) : null);
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

function ThenSign({ at, position }: { at: string | null; position: number | null }) {
  const now = useNow();
  return (
    <div className="where">
      <b className="text-wait">
        <Icon name="clock" />
        {at ? hms(at) : "Then"}
      </b>
      <small>
        {at ? `${span(now - new Date(at).getTime())} ago · ` : ""}
        {position === null ? "before what was read" : `position ${num(position)}`}
      </small>
    </div>
  );
}

export function Dock({ project }: { project: string | null }) {
  const { events, index, isPast } = useInstant(project);
  const { after } = book.use();
  const { head } = live.use();
  const moveTo = useMoveTo();
  const line = useMemo(() => lineOf(events, BUCKETS), [events]);
  const ticks = useMemo(() => ticksOf(line), [line]);
  const event = events[index];
  const position = event?.position ?? null;
  const step = (by: number) => {
    const next = events[Math.min(events.length - 1, Math.max(0, index + by))];
    if (next) moveTo(index + by >= events.length - 1 ? null : next.position);
  };
  const seek = (x: number) => moveTo(x > 0.995 ? null : (eventAt(line, x)?.position ?? null));
  const play = usePlay(line, isPast ? shareOf(line, event) : 0, seek);
  const tag = isPast && event ? `${hms(event.at)} · ${sentence(event)}` : null;

  return (
    <section className="dock" aria-label="Time">
      {isPast ? <ThenSign at={event?.at ?? null} position={position} /> : <NowSign />}
      <Timeline
        counts={line.counts}
        marks={line.marks}
        ticks={ticks}
        x={isPast ? shareOf(line, event) : 1}
        tag={tag}
        now={{
          position: isPast ? (position ?? 1) : (head ?? 1),
          head: head ?? 1,
          text:
            isPast && event
              ? `position ${event.position}, ${hms(event.at)}, ${span(Date.now() - timeOf(event))} ago`
              : "now",
        }}
        onSeek={seek}
        onStep={step}
        onEnd={(end) => moveTo(end === "now" ? null : (events[0]?.position ?? null))}
        onMark={(mark) => moveTo(mark.position)}
      />
      <div
        className="keys"
        title={
          after
            ? `The line begins at position ${num(after + 1)}: that far the log was read`
            : undefined
        }
      >
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
    </section>
  );
}
