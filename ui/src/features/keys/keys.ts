// The keyboard: one listener for the page, and screens that say which keys they take while they are shown. The newest
// screen wins. Off in fields; `G` waits a moment for its second key.
import { useEffect, useRef } from "react";
import { kept } from "@/ui/store";

export type KeyMap = Record<string, (() => void) | undefined>;

/** Single keys can be turned off, for those whose speech input types them. */
export const singleKeys = kept("single-keys", true);

const maps: { current: KeyMap }[] = [];
const GO_WITHIN = 1200;
let prefix = 0;

function inField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** How a key is named: `j`, `shift+[`, `mod+k`, `escape`. */
export function named(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey">,
): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key.toLowerCase();
  const mod = event.ctrlKey || event.metaKey;
  // Shift is part of a sign such as `?`, and named where it changes a letter or a bracket.
  const brackets: Record<string, string> = { "{": "shift+[", "}": "shift+]" };
  if (brackets[key] && !mod) return brackets[key];
  const shifted = event.shiftKey && /^([a-z[\]]|enter|arrow\w+)$/.test(key);
  return `${mod ? "mod+" : ""}${shifted ? "shift+" : ""}${key}`;
}

function find(name: string): (() => void) | undefined {
  for (let at = maps.length - 1; at >= 0; at -= 1) {
    const action = maps[at]?.current[name];
    if (action) return action;
  }
  return undefined;
}

export function press(event: KeyboardEvent): void {
  if (event.altKey || event.isComposing || event.defaultPrevented) return;
  const name = named(event);
  const everywhere = name.startsWith("mod+");
  if (inField(event.target) && !everywhere) {
    if (name === "escape") (event.target as HTMLElement).blur();
    return;
  }
  if (!everywhere && !singleKeys.get() && name.length === 1) return;
  // A button or link takes its own keys.
  if (
    (name === "enter" || name === " ") &&
    event.target instanceof HTMLElement &&
    event.target.closest("a,button,[role]")
  )
    return;

  const going = Date.now() - prefix < GO_WITHIN;
  prefix = 0;
  if (name === "g" && !going) {
    prefix = Date.now();
    return;
  }
  const action = find(going ? `g ${name}` : name);
  if (!action) return;
  event.preventDefault();
  action();
}

/** Takes these keys while the caller is shown. */
export function useKeys(map: KeyMap): void {
  const latest = useRef(map);
  latest.current = map;
  useEffect(() => {
    maps.push(latest);
    return () => {
      maps.splice(maps.indexOf(latest), 1);
    };
  }, []);
}
