// Find or do anything: screens, projects, features, positions, actions, with the keys that do the same.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { asProblem } from "@/features/api/problem";
import { boardQuery, projectsQuery } from "@/features/api/queries";
import type { Board } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { SCREENS } from "@/features/frame/Side";
import { toggleTheme } from "@/features/frame/theme";
import { COLUMNS } from "@/features/live/reducer";
import { useAt, useGo, useSetSearch } from "@/features/nav/links";
import { Icon, type IconName } from "@/ui/icons";
import { Sheet } from "@/ui/Layers";
import { toast } from "@/ui/Toasts";
import { visible } from "@/ui/visible";
import { keysShown, paletteShown } from "./state";

export type Found = { key: string; icon: IconName; text: string; keys?: string; go: () => void };
const SHOWN = 12;

/** What fits to every word that was typed, what begins with the first one in front. */
export function found(all: readonly Found[], typed: string): Found[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = all.filter((one) => words.every((word) => one.text.toLowerCase().includes(word)));
  const first = words[0];
  const early = (one: Found) => (first && one.text.toLowerCase().startsWith(first) ? 0 : 1);
  return fits.sort((a, b) => early(a) - early(b)).slice(0, SHOWN);
}

/** What is done for a whole project. What went wrong is said as long as a toast stays. */
function actionsOf(project: string, board: Board | undefined): Found[] {
  const act = (said: string, run: () => Promise<unknown>) => () =>
    void run().then(
      () => toast(said),
      (thrown) => toast(`Not done. ${asProblem(thrown).detail}`),
    );
  const claim: Found = {
    key: "claim",
    icon: "flag",
    text: "Claim the next feature yourself",
    go: act("Claimed. It stands in progress, and its branch under Request.", () =>
      writes.claimNext(project),
    ),
  };
  const again: Found = {
    key: "requeue",
    icon: "again",
    text: "Try everything again that was set aside",
    go: act("All are back in the backlog.", () => writes.requeueAll(project)),
  };
  const aside = board?.columns.needs_you.some((card) => /quarantined|set aside/.test(card.status));
  return aside ? [claim, again] : [claim];
}

function useAll(project: string | null, typed: string): Found[] {
  const go = useGo();
  const set = useSetSearch();
  const isPast = useAt() !== null;
  const { data: projects } = useQuery(projectsQuery());
  const { data: board } = useQuery({ ...boardQuery(project ?? ""), enabled: project !== null });
  const position = /^#?(\d{1,12})$/.exec(typed.trim())?.[1];
  const screens = project
    ? SCREENS.map(
        ([screen, name, icon, keys]): Found => ({
          key: screen,
          icon,
          text: `${name} of ${project}`,
          keys,
          go: () => go(`/p/${project}/${screen}`),
        }),
      )
    : [];
  const cards = board ? COLUMNS.flatMap((name) => board.columns[name]) : [];

  return [
    ...(position
      ? [
          {
            key: "at",
            icon: "clock",
            text: `${position}: look at this position`,
            go: () => set({ at: Number(position) }),
          } as Found,
          {
            key: "event",
            icon: "log",
            text: `${position}: open this event in the log`,
            go: () => go(project ? `/p/${project}/log` : "/log", { event: Number(position) }),
          } as Found,
        ]
      : []),
    { key: "needs", icon: "flag", text: "Needs you", keys: "G N", go: () => go("/needs-you") },
    ...screens,
    ...(project && !isPast
      ? [
          {
            key: "add",
            icon: "plus",
            text: "Add a feature",
            keys: "N",
            go: () => go(`/p/${project}/board`, { add: true }),
          } as Found,
        ]
      : []),
    ...(project && !isPast ? actionsOf(project, board) : []),
    { key: "projects", icon: "home", text: "Projects", keys: "G P", go: () => go("/") },
    { key: "new", icon: "plus", text: "New project", go: () => go("/new") },
    { key: "audit", icon: "check", text: "Audit the log", go: () => go("/audit") },
    { key: "now", icon: "clock", text: "Back to now", keys: ".", go: () => set({ at: undefined }) },
    { key: "theme", icon: "moon", text: "Light or dark", keys: "⇧T", go: toggleTheme },
    { key: "keys", icon: "list", text: "Shortcuts", keys: "?", go: () => keysShown.set(true) },
    ...(projects ?? []).map(
      (one): Found => ({
        key: `p ${one.name}`,
        icon: "board",
        text: `${one.name}: board`,
        go: () => go(`/p/${one.name}/board`),
      }),
    ),
    ...cards.map(
      (card): Found => ({
        key: card.id,
        icon: "list",
        text: `${card.id}  ${visible(card.title)}`,
        go: () => go(`/p/${project}/board`, { feature: card.id }),
      }),
    ),
  ];
}

export default function Palette({ project }: { project: string | null }) {
  const open = paletteShown.use();
  return (
    <Sheet
      open={open}
      onClose={() => paletteShown.set(false)}
      title="Find or do"
      className="palette"
    >
      <Inside project={project} />
    </Sheet>
  );
}

function Inside({ project }: { project: string | null }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const shown = found(useAll(project, typed), typed);
  useEffect(() => input.current?.focus(), []);
  const take = (one: Found | undefined) => {
    if (!one) return;
    paletteShown.set(false);
    one.go();
  };
  const key = (event: React.KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) setAt((at + by + shown.length) % Math.max(1, shown.length));
    else if (event.key === "Enter") take(shown[at]);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <input
        ref={input}
        className="field"
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={shown[at] ? `${list}-${at}` : undefined}
        aria-label="Find or do"
        placeholder="Find a feature, a project, a position; or do something"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={key}
      />
      <div id={list} role="listbox" aria-label="Found">
        {shown.map((one, n) => (
          <div
            key={one.key}
            id={`${list}-${n}`}
            className="found"
            role="option"
            tabIndex={-1}
            aria-selected={n === at}
            onPointerMove={() => setAt(n)}
            onClick={() => take(one)}
            onKeyDown={() => {}}
          >
            <Icon name={one.icon} />
            <span className="cut">{one.text}</span>
            {one.keys && <kbd>{one.keys}</kbd>}
          </div>
        ))}
        {shown.length === 0 && <p className="muted small p-4">Nothing is called that.</p>}
      </div>
    </>
  );
}
