// Buttons. A busy one keeps its label and its width; a disabled one says why as its tooltip.
import type { ComponentProps, ReactNode } from "react";
import { Icon, type IconName } from "./icons";

type Look = "plain" | "first" | "ghost" | "danger";

export type ButtonProps = Omit<ComponentProps<"button">, "disabled"> & {
  look?: Look;
  small?: boolean;
  icon?: IconName;
  /** A key that does the same, shown beside the label. */
  keys?: string;
  busy?: boolean;
  /** Why it cannot be used now. */
  unable?: string | null | undefined;
  children?: ReactNode;
};

export function look(look: Look = "plain", small = false, bare = false): string {
  const words = ["btn", look === "plain" ? "" : look, small ? "sm" : "", bare ? "icon" : ""];
  return words.filter(Boolean).join(" ");
}

export function Button(props: ButtonProps) {
  const {
    look: how,
    small,
    icon,
    keys,
    busy,
    unable,
    children,
    className,
    onClick,
    ...rest
  } = props;
  const off = Boolean(unable) || busy;

  return (
    <button
      type="button"
      {...rest}
      className={`${look(how, small, !children)} ${className ?? ""}`}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      title={unable ?? rest.title}
      onClick={(event) => (off ? event.preventDefault() : onClick?.(event))}
    >
      {icon && <Icon name={icon} />}
      {children && <span className={icon ? "lbl" : undefined}>{children}</span>}
      {keys && <kbd>{keys}</kbd>}
    </button>
  );
}
