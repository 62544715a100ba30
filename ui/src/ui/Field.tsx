// Fields with their names, what they mean, and what was wrong with what was typed.
import { type ComponentProps, type ReactNode, useId } from "react";
import { Icon } from "./icons";

type Said = {
  label: string;
  hint?: ReactNode;
  wrong?: string | null | undefined;
  hideLabel?: boolean;
};

function Around({
  label,
  hint,
  wrong,
  hideLabel,
  id,
  children,
}: Said & { id: string; children: ReactNode }) {
  return (
    <div className="f">
      <label htmlFor={id} className={hideLabel ? "sr" : undefined}>
        {label}
      </label>
      {children}
      {hint && (
        <span id={`${id}-hint`} className="small muted">
          {hint}
        </span>
      )}
      {wrong && (
        <span id={`${id}-wrong`} className="small wrong" role="alert">
          {wrong}
        </span>
      )}
    </div>
  );
}

function described(id: string, { hint, wrong }: Said): string | undefined {
  const ids = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean);
  return ids.length > 0 ? ids.join(" ") : undefined;
}

/** What is said around a control, and what the control itself says of it, for whoever cannot see that. */
function useSaid<P extends Said & { className?: string | undefined }>(props: P) {
  const { label, hint, wrong, hideLabel, ...rest } = props;
  const id = useId();
  const said = { label, hint, wrong, hideLabel } as Said;
  const control = {
    ...rest,
    id,
    className: `field ${props.className ?? ""}`,
    "aria-invalid": wrong ? true : undefined,
    "aria-describedby": described(id, said),
  };
  return { around: { ...said, id }, control };
}

export function Field(props: Said & ComponentProps<"input">) {
  const { around, control } = useSaid(props);
  return (
    <Around {...around}>
      <input {...control} />
    </Around>
  );
}

export function Area(props: Said & ComponentProps<"textarea">) {
  const { around, control } = useSaid(props);
  return (
    <Around {...around}>
      <textarea rows={3} {...control} />
    </Around>
  );
}

export function Select(props: Said & ComponentProps<"select">) {
  const { around, control } = useSaid(props);
  return (
    <Around {...around}>
      <select {...control} />
    </Around>
  );
}

export function Search({
  label,
  keys,
  ...rest
}: ComponentProps<"input"> & { label: string; keys?: string }) {
  return (
    <div className="search">
      <Icon name="search" />
      <input
        {...rest}
        type="search"
        className="field"
        aria-label={label}
        placeholder={label}
        data-search
      />
      {keys && <kbd>{keys}</kbd>}
    </div>
  );
}
