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

function described(id: string, said: Said): string | undefined {
  const ids = [said.hint && `${id}-hint`, said.wrong && `${id}-wrong`].filter(Boolean);
  return ids.length > 0 ? ids.join(" ") : undefined;
}

export function Field({ label, hint, wrong, hideLabel, ...rest }: Said & ComponentProps<"input">) {
  const id = useId();
  const said = { label, hint, wrong, hideLabel };
  return (
    <Around {...said} id={id}>
      <input
        {...rest}
        id={id}
        className={`field ${rest.className ?? ""}`}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={described(id, said)}
      />
    </Around>
  );
}

export function Area({
  label,
  hint,
  wrong,
  hideLabel,
  ...rest
}: Said & ComponentProps<"textarea">) {
  const id = useId();
  const said = { label, hint, wrong, hideLabel };
  return (
    <Around {...said} id={id}>
      <textarea
        rows={3}
        {...rest}
        id={id}
        className={`field ${rest.className ?? ""}`}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={described(id, said)}
      />
    </Around>
  );
}

export function Select({
  label,
  hint,
  wrong,
  hideLabel,
  ...rest
}: Said & ComponentProps<"select">) {
  const id = useId();
  const said = { label, hint, wrong, hideLabel };
  return (
    <Around {...said} id={id}>
      <select
        {...rest}
        id={id}
        className={`field ${rest.className ?? ""}`}
        aria-describedby={described(id, said)}
      />
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
