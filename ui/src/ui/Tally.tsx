// The tally of ten milestones in two gates of five: four strokes and a crossing one, twice. The same figure is the logo.

import { pressed } from "./events";

export type Step = { step: number; state: "on" | "due" | "none"; text: string };

const CELL = 23;
const GATE = 142;

function place(step: number): { gate: number; at: number } {
  const n = step / 10 - 1;
  return { gate: Math.floor(n / 5), at: n % 5 };
}

/** The strip with a button for each step. */
export function Tally({
  steps,
  onOpen,
}: {
  steps: readonly Step[];
  onOpen: (step: number) => void;
}) {
  const reached = steps.filter((one) => one.state === "on").length;
  return (
    <svg viewBox="0 0 268 54" role="group" aria-label={`Milestones: ${reached} of 10 overseen`}>
      {steps.map((one) => {
        const { gate, at } = place(one.step);
        const x = gate * GATE + 4 + at * CELL + 12;
        const left = gate * GATE + 4;
        const state = one.state === "none" ? "" : one.state;
        const crossing = at === 4;
        const open = () => onOpen(one.step);
        return (
          <g key={one.step}>
            <path
              className={`st ${crossing ? "gate" : ""} ${state}`}
              d={crossing ? `M${left - 2} 28L${left + 95} 9` : `M${x} 3v31`}
            />
            <text className="lab" x={crossing ? left + 108 : x} y="50">
              {one.step}
            </text>
            <rect
              className="hit"
              x={crossing ? left + 96 : x - 11}
              y="0"
              width={crossing ? 24 : 22}
              height="52"
              role="button"
              tabIndex={0}
              aria-label={one.text}
              onClick={open}
              onKeyDown={pressed(open)}
            >
              <title>{one.text}</title>
            </rect>
          </g>
        );
      })}
    </svg>
  );
}

/** The small one in lists: how far it is. */
export function MiniTally({ share, label }: { share: number; label: string }) {
  const on = (step: number) => (share * 100 >= step ? "on" : "");
  return (
    <span className="tally mini">
      <svg viewBox="-2 0 80 20" role="img" aria-label={label}>
        {[0, 1].map((gate) => (
          <g key={gate}>
            {[0, 1, 2, 3].map((at) => (
              <path
                key={at}
                className={`st ${on(gate * 50 + (at + 1) * 10)}`}
                d={`M${gate * 40 + 4 + at * 7} 2v16`}
              />
            ))}
            <path
              className={`st gate ${on(gate * 50 + 50)}`}
              d={`M${gate * 40} 15L${gate * 40 + 30} 5`}
            />
          </g>
        ))}
      </svg>
    </span>
  );
}
