// Small parts that every screen is made of: heads, segments, empty states, problems, banners, ages.
import { type ReactNode, useEffect, useState } from "react";
import { Chip } from "./Chip";
import { utc } from "./format";

/** The head of a screen: its name, a sentence with figures, and what can be done. */
export function Head({ title, children, actions, className }: HeadProps) {
  return (
    <header className={`head ${className ?? ""}`}>
      <div className="grow">
        <h1>{title}</h1>
        <p>{children}</p>
      </div>
      {actions && <div className="acts">{actions}</div>}
    </header>
  );
}
type HeadProps = {
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  className?: string;
};

/** One of a few. */
export function Segments<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [T, ReactNode])[];
  onChange: (value: T) => void;
  className?: string;
}) {
  return (
    <fieldset className={`seg ${props.className ?? ""}`} aria-label={props.label}>
      {props.options.map(([value, text]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          onClick={() => props.onChange(value)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}

const ART = {
  none: { dashed: "M10 6v42M24 6v42M38 6v42M52 6v42", drawn: "" },
  half: { dashed: "M38 6v42M52 6v42", drawn: "M10 6v42M24 6v42" },
} as const;

/** Nothing is here: what that means and how something comes here. */
export function Void({
  art = "none",
  title,
  children,
  actions,
}: {
  art?: keyof typeof ART;
  title: string;
  children: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <section className="panel void">
      <svg
        className="art"
        viewBox="0 0 70 54"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.5"
        strokeLinecap="round"
        aria-hidden="true"
      >
        <path d={ART[art].dashed} strokeDasharray="3 6" />
        <path d={ART[art].drawn} />
      </svg>
      <h2>{title}</h2>
      <p className="soft">{children}</p>
      {actions && <div className="row wrap">{actions}</div>}
    </section>
  );
}

/** What was refused or went wrong: words first, then the code, then the next step. */
export function Problem({
  title,
  detail,
  code,
  actions,
}: {
  title?: string;
  detail: string;
  code?: string;
  actions?: ReactNode;
}) {
  return (
    <section className="panel void" role="alert">
      <Chip tone="alarm">{title ?? "Refused"}</Chip>
      <p className="soft">{detail}</p>
      {code && <p className="mono tiny muted">{code}</p>}
      {actions && <div className="row wrap">{actions}</div>}
    </section>
  );
}

/** The same in place of a whole screen. */
export function NotShown({ detail, code }: { detail: string; code: string }) {
  return (
    <>
      <Head title="Not shown">What this screen would show could not be read.</Head>
      <div className="scroll">
        <Problem title="Why" detail={detail} code={code} />
      </div>
    </>
  );
}

/** The same on one line, where an action was. */
export function Refused({ detail, code }: { detail: string; code?: string | undefined }) {
  return (
    <p className="small wrong" role="alert">
      {detail} {code && <span className="mono tiny muted">{code}</span>}
    </p>
  );
}

export function Banner({
  tone,
  children,
  action,
}: {
  tone: "alarm" | "wait";
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={`banner ${tone}`} role="status">
      <span className="grow">{children}</span>
      {action}
    </div>
  );
}

/** Comes after 300 ms, in the final size, without shimmer. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 300);
    return () => clearTimeout(timer);
  }, []);

  return (
    <div className="stack p-4" aria-busy="true">
      <span className="sr">Loading</span>
      {shown &&
        Array.from({ length: lines }, (_, at) => (
          <div key={at} className={`skel w${(at * 37) % 3}`} />
        ))}
    </div>
  );
}

/** A time with its UTC form as tooltip. */
export function Time({ at, children }: { at: string; children: ReactNode }) {
  return (
    <time dateTime={at} title={utc(at)}>
      {children}
    </time>
  );
}

/** A figure that is not known yet: never a zero. */
export function Unknown({ why = "The server does not say this yet" }: { why?: string }) {
  return (
    <span className="muted" title={why}>
      –
    </span>
  );
}
