// How many are wanted: live while it is moved, sent when it is let go.
import { useEffect, useRef, useState } from "react";

type Props = {
  label: string;
  value: number;
  max: number;
  unable: string | null;
  /** Answers whether it was taken; what was not goes back to where it was. */
  onSend: (value: number) => boolean | Promise<boolean>;
  say: (value: number) => string;
};

export function Dial({ label, value, max, unable, onSend, say }: Props) {
  const [held, setHeld] = useState<number | null>(null);
  /** Letting a key go and leaving the field would send it twice. */
  const sending = useRef<number | null>(null);
  const shown = held ?? value;
  // What was sent is over when the value has come back.
  useEffect(() => {
    if (held === value) setHeld(null);
  }, [held, value]);
  const send = async () => {
    if (held === null || held === value || sending.current === held) return;
    sending.current = held;
    const taken = await onSend(held);
    sending.current = null;
    if (!taken) setHeld(null);
  };

  return (
    <section className="panel dial" aria-label={label}>
      <div>
        <div className="big">{shown}</div>
        <div className="tiny muted">{label}</div>
      </div>
      <div>
        <input
          type="range"
          min={1}
          max={max}
          value={Math.max(1, shown)}
          disabled={unable !== null}
          title={unable ?? undefined}
          aria-label={label}
          style={
            {
              "--v": `${((Math.max(1, shown) - 1) / Math.max(1, max - 1)) * 100}%`,
            } as React.CSSProperties
          }
          onChange={(event) => setHeld(Number(event.target.value))}
          onPointerUp={() => void send()}
          // A finger that went on to scroll wanted no other number.
          onPointerCancel={() => setHeld(null)}
          onKeyUp={() => void send()}
          onBlur={() => void send()}
        />
        <div className="ticks" aria-hidden="true">
          {Array.from({ length: max }, (_, at) => (
            <span key={at + 1}>{at + 1}</span>
          ))}
        </div>
      </div>
      <p className="small soft">{say(shown)}</p>
    </section>
  );
}
