// The list at the left: where one can go. Below 51.25em it is a layer that the menu opens, and a tab bar stays.
import { useQuery } from "@tanstack/react-query";
import { projectsQuery } from "@/features/api/queries";
import type { Project } from "@/features/api/shapes";
import { keysShown } from "@/features/keys/state";
import { live } from "@/features/live/state";
import { To, useAt } from "@/features/nav/links";
import { leave } from "@/features/session/enter";
import { Dot } from "@/ui/Chip";
import { percent } from "@/ui/format";
import { Icon, type IconName } from "@/ui/icons";
import { Logo } from "@/ui/Logo";
import { create } from "@/ui/store";
import { toast } from "@/ui/Toasts";
import { toggleTheme } from "./theme";

export const menu = create(false);

type Entry = { path: string; name: string; icon: IconName; keys?: string; exact?: boolean };

export const SCREENS = [
  ["board", "Board", "board", "G B"],
  ["fleet", "Fleet", "fleet", "G F"],
  ["queue", "Merge queue", "queue", "G T"],
  ["output", "Output", "output", "G O"],
  ["log", "Log", "log", "G L"],
  ["report", "Report", "sun", "G R"],
  ["insights", "Insights", "chart", "G I"],
  ["settings", "Settings", "gear", "G S"],
] as const;

async function signOut(): Promise<void> {
  const problem = await leave();
  if (problem) toast(`Still signed in. ${problem.detail}`);
}

export function needsOf(projects: readonly Project[] | undefined): number {
  return (projects ?? []).reduce((sum, one) => sum + one.needs.length, 0);
}

function Entry({ path, name, icon, keys, exact, count }: Entry & { count?: number }) {
  return (
    <To path={path} exact={exact ?? false} onClick={() => menu.set(false)}>
      <Icon name={icon} />
      <span>{name}</span>
      {count ? <span className="chip alarm n">{count}</span> : keys ? <kbd>{keys}</kbd> : null}
    </To>
  );
}

function ProjectEntry({ project, current }: { project: Project; current: boolean }) {
  const { name, status, closed, total } = project;
  const tone =
    status === "completed"
      ? "done"
      : status === "running" || status === "draining"
        ? "go"
        : "ink-3";
  const working = status === "running" || status === "draining";
  return (
    <To
      path={`/p/${name}/board`}
      className={current ? "here" : undefined}
      onClick={() => menu.set(false)}
    >
      <Dot kind={working ? "beat" : "hollow"} tone={tone} />
      <span className="cut">{name}</span>
      <span className="pc">
        {total > 0 ? `${percent(closed, total)} %` : status === "stopped" ? "not begun" : "–"}
      </span>
    </To>
  );
}

export function Side({ project }: { project: string | null }) {
  const { data } = useQuery(projectsQuery(useAt()));
  const open = menu.use();
  return (
    <nav className={`side ${open ? "open" : ""}`} aria-label="Main">
      <To className="brand" path="/">
        <Logo />
        Supercargo
      </To>
      <div className="nav">
        <Entry path="/" exact name="Projects" icon="home" keys="G P" />
        <Entry path="/needs-you" name="Needs you" icon="flag" keys="G N" count={needsOf(data)} />
        {project === null && <Entry path="/log" name="Log" icon="log" keys="G L" />}
        <Entry path="/audit" name="Audit" icon="check" />
      </div>
      <div className="proj nav">
        <h3>Projects</h3>
        {data?.map((one) => (
          <ProjectEntry key={one.name} project={one} current={one.name === project} />
        ))}
        <Entry path="/new" name="New project" icon="plus" />
      </div>
      {project !== null && (
        <div className="nav">
          <h3 className="cut">{project}</h3>
          {SCREENS.map(([screen, name, icon, keys]) => (
            <Entry
              key={screen}
              path={`/p/${project}/${screen}`}
              name={name}
              icon={icon}
              keys={keys}
            />
          ))}
        </div>
      )}
      <footer className="nav">
        <button type="button" onClick={() => void signOut()}>
          <Icon name="leave" />
          Sign out
        </button>
        <button type="button" onClick={toggleTheme}>
          <Icon name="moon" />
          Light or dark
        </button>
        <button type="button" onClick={() => keysShown.set(true)}>
          <Icon name="list" />
          Shortcuts<kbd>?</kbd>
        </button>
      </footer>
    </nav>
  );
}

/** The bar at the top of a phone. */
export function PhoneHead({ project }: { project: string | null }) {
  const open = menu.use();
  const lost = live.use().phase === "lost";
  return (
    <header className="phone-only phone-head">
      <To className="brand" path="/">
        <Logo />
        {project ?? "Supercargo"}
      </To>
      {lost && <span className="chip alarm">Not connected</span>}
      <span className="row">
        <button
          type="button"
          className="btn icon ghost"
          aria-label="Light or dark"
          onClick={toggleTheme}
        >
          <Icon name="moon" />
        </button>
        <button
          type="button"
          className="btn icon ghost"
          aria-label="Menu"
          aria-expanded={open}
          onClick={() => menu.set(!open)}
        >
          <Icon name={open ? "close" : "list"} />
        </button>
      </span>
    </header>
  );
}

/** The bar at the foot of a phone. */
export function TabBar({ project }: { project: string | null }) {
  const { data } = useQuery(projectsQuery(useAt()));
  const p = project ?? data?.[0]?.name;
  const tabs: Entry[] = [
    ...(p
      ? [{ path: `/p/${p}/board`, name: "Board", icon: "board" } as Entry]
      : [{ path: "/", name: "Projects", icon: "home", exact: true } as Entry]),
    { path: "/needs-you", name: "Needs you", icon: "flag" },
    ...(p
      ? [
          { path: `/p/${p}/fleet`, name: "Fleet", icon: "fleet" } as Entry,
          { path: `/p/${p}/output`, name: "Output", icon: "output" } as Entry,
        ]
      : []),
    { path: p ? `/p/${p}/log` : "/log", name: "Log", icon: "log" },
  ];
  const needs = needsOf(data);
  return (
    <nav className="tabbar" aria-label="Screens">
      {tabs.map(({ path, name, icon, exact }) => (
        <To key={path} path={path} exact={exact ?? false}>
          <Icon name={icon} />
          {name}
          {name === "Needs you" && needs > 0 && <span className="n">{needs}</span>}
        </To>
      ))}
    </nav>
  );
}
