// A column of moments, each with its time, its sign and what was said.
import type { ReactNode } from "react";
import type { Tone } from "./Chip";

export type Moment = { key: string | number; time: ReactNode; tone: Tone; body: ReactNode };

export function Story({ moments, label }: { moments: readonly Moment[]; label: string }) {
  return (
    <ol className="story" aria-label={label}>
      {moments.map(({ key, time, tone, body }) => (
        <li key={key}>
          {time}
          <span className={`g ${tone}`}>
            <i />
          </span>
          <div>{body}</div>
        </li>
      ))}
    </ol>
  );
}
