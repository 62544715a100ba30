// A feature, beside whatever screen it was opened from: what it is, how it stands, and its story, request, diff,
// evidence and sessions. The header comes from the card at once; the rest follows.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo } from "react";
import { asProblem } from "@/features/api/problem";
import { boardQuery, featureQuery, sessionsQuery } from "@/features/api/queries";
import type { At, Card, ColumnName, Feature, Session } from "@/features/api/shapes";
import { type Stand, standsOf, statusOf } from "@/features/board/derive";
import { useKeys } from "@/features/keys/keys";
import { COLUMNS, cardOf } from "@/features/live/reducer";
import { Here, useAt, useSearchAll, useSetSearch } from "@/features/nav/links";
import { TABS, type Tab } from "@/features/nav/search";
import { Button } from "@/ui/Button";
import { Category, Chip } from "@/ui/Chip";
import { useMoment } from "@/ui/clock";
import { ago, since, usd } from "@/ui/format";
import { SidePanel } from "@/ui/Layers";
import { Problem, Skeleton } from "@/ui/Parts";
import { toast } from "@/ui/Toasts";
import { useMedia } from "@/ui/useMedia";
import { visible } from "@/ui/visible";
import { Deeds } from "./Deeds";
import { RequestTab } from "./RequestTab";
import { SessionsTab } from "./SessionsTab";
import { StoryTab, useStory } from "./StoryTab";

const DiffTab = lazy(() => import("./DiffTab"));
const EvidenceTab = lazy(() => import("./EvidenceTab"));

const NAMES: Record<Tab, string> = {
  story: "Story",
  request: "Request",
  diff: "Diff",
  evidence: "Evidence",
  sessions: "Sessions",
};

type Shown = {
  project: string;
  id: string;
  at: At;
  feature: Feature | undefined;
  card: Card | undefined;
  column: ColumnName | undefined;
  stand: Stand | undefined;
  sessions: readonly Session[] | undefined;
};

function standing({ card, feature, stand }: Shown, now: number): string {
  const status = card?.status ?? feature?.status ?? "";
  const holder = card?.holder ?? feature?.holder;
  const at = card?.since ?? stand?.since;
  const note = card?.note ?? stand?.note;
  const age = at ? `, for ${since(at, now)}` : "";
  if (status === "claimed" && holder)
    return `${holder.charAt(0).toUpperCase()}${holder.slice(1)} works on it${age}.`;
  if (status === "in review" && holder)
    return `${holder.charAt(0).toUpperCase()}${holder.slice(1)} reviews it${age}.`;
  if (note && status !== "closed") return note;
  return `${statusOf(status).said}${at ? `, ${ago(at, now)}` : ""}.`;
}

function Facts({ shown }: { shown: Shown }) {
  const { card, feature } = shown;
  const spend = card?.micro_usd;
  const tries = card?.tries;
  return (
    <dl className="facts">
      <div>
        <dt>Category</dt>
        <dd>
          <Category name={card?.category ?? feature?.content.category ?? ""} />
        </dd>
      </div>
      <div>
        <dt>Priority</dt>
        <dd>P{card?.priority ?? feature?.content.priority ?? "–"}</dd>
      </div>
      <div>
        <dt>Tries</dt>
        <dd>{tries ?? "–"}</dd>
      </div>
      <div>
        <dt>Spend</dt>
        <dd>{spend ? usd(spend) : "–"}</dd>
      </div>
    </dl>
  );
}

function Tabs({ tab, counts }: { tab: Tab; counts: Partial<Record<Tab, number>> }) {
  return (
    <nav className="tabs" aria-label="Feature">
      {TABS.map((name) => (
        <Here
          key={name}
          search={{ tab: name === "story" ? undefined : name }}
          replace
          aria-current={tab === name ? "page" : undefined}
        >
          {NAMES[name]} {counts[name] !== undefined && <span className="n">{counts[name]}</span>}
        </Here>
      ))}
    </nav>
  );
}

function Body({ tab, shown }: { tab: Tab; shown: Shown }) {
  const { project, id, at, feature } = shown;
  switch (tab) {
    case "story":
      return <StoryTab project={project} id={id} at={at} />;
    case "request":
      return feature ? (
        <RequestTab project={project} feature={feature} isPast={at !== null} />
      ) : (
        <Skeleton />
      );
    case "diff":
      return <DiffTab project={project} id={id} at={at} />;
    case "evidence":
      return <EvidenceTab project={project} id={id} at={at} />;
    case "sessions":
      return (
        <SessionsTab
          project={project}
          sessions={shown.sessions ?? []}
          known={shown.sessions !== undefined}
        />
      );
  }
}

/** The next or previous feature in the order of the board. */
function useNeighbour(project: string, id: string, at: At): (by: number) => void {
  const { data } = useQuery(boardQuery(project, at));
  const set = useSetSearch();
  return (by) => {
    const ids = data ? COLUMNS.flatMap((name) => data.columns[name].map((card) => card.id)) : [];
    const next = ids[ids.indexOf(id) + by];
    if (next) set({ feature: next }, true);
  };
}

function Top({ shown, onClose }: { shown: Shown; onClose: () => void }) {
  const { card, feature, id, project, at } = shown;
  const now = useMoment();
  const status = card?.status ?? feature?.status ?? "";
  const { said, tone } = statusOf(status);
  const next = useNeighbour(project, id, at);
  const copy = () =>
    navigator.clipboard?.writeText(location.href).then(() => toast("Link copied."));
  useKeys({ j: () => next(1), k: () => next(-1) });

  return (
    <>
      <div className="row">
        <span className="mono muted small">{id}</span>
        {status && <Chip tone={tone}>{said}</Chip>}
        {(card?.stale.length ?? 0) > 0 && (
          <Chip tone="wait" title={visible(card?.stale.join("\n") ?? "")}>
            Stale
          </Chip>
        )}
        <span className="grow" />
        <Button
          small
          look="ghost"
          icon="link"
          className="wide"
          title="Copy link"
          aria-label="Copy link"
          onClick={copy}
        />
        <Button
          small
          look="ghost"
          icon="down"
          className="wide"
          title="Next  J"
          aria-label="Next feature"
          onClick={() => next(1)}
        />
        <Button
          small
          look="ghost"
          icon="close"
          title="Close  Esc"
          aria-label="Close"
          onClick={onClose}
        />
      </div>
      <h2>{visible(card?.title ?? feature?.content.title ?? id)}</h2>
      <p className="small soft">{visible(standing(shown, now))}</p>
      <Facts shown={shown} />
    </>
  );
}

/** Gives focus back to the card that was opened, when the drawer closes. */
function useFocusBack(id: string | undefined): void {
  useEffect(() => {
    if (!id) return;
    return () => {
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus(),
      );
    };
  }, [id]);
}

export default function Drawer({ project }: { project: string }) {
  const search = useSearchAll();
  const set = useSetSearch();
  const at = useAt();
  const phone = useMedia("(max-width: 51.25em)");
  const id = search.feature;
  useFocusBack(id);
  const close = () => set({ feature: undefined, tab: undefined });
  useKeys({ escape: id ? close : undefined });
  if (!id) return null;
  return (
    <SidePanel open modal={phone} onClose={close} title={`Feature ${id}`} className="drawer">
      <Inside
        key={id}
        project={project}
        id={id}
        at={at}
        tab={search.tab ?? "story"}
        onClose={close}
      />
    </SidePanel>
  );
}

function Inside({
  project,
  id,
  at,
  tab,
  onClose,
}: {
  project: string;
  id: string;
  at: At;
  tab: Tab;
  onClose: () => void;
}) {
  const { data: board } = useQuery(boardQuery(project, at));
  const { data: feature, error } = useQuery(featureQuery(project, id, at));
  const { events } = useStory(project, id, at);
  const { data: all } = useQuery(sessionsQuery(project, at));
  const sessions = useMemo(() => all?.filter((one) => one.feature === id), [all, id]);
  const stand = useMemo(
    () => standsOf([...(events ?? [])].reverse(), project).get(id),
    [events, project, id],
  );
  const found = cardOf(board, id);
  const shown: Shown = {
    project,
    id,
    at,
    feature,
    card: found?.card,
    column: found?.column,
    stand,
    sessions,
  };
  const problem = error && !found ? asProblem(error) : null;
  const count = events?.length;

  return (
    <>
      <header>
        <Top shown={shown} onClose={onClose} />
        <Tabs
          tab={tab}
          counts={{
            ...(count !== undefined && { story: count }),
            ...(sessions && { sessions: sessions.length }),
          }}
        />
      </header>
      <div className="body" tabIndex={0} role="region" aria-label={NAMES[tab]}>
        {problem && <Problem title="No such feature" detail={problem.detail} code={problem.code} />}
        <Suspense fallback={<Skeleton />}>
          <Body tab={tab} shown={shown} />
        </Suspense>
      </div>
      {at === null && found && <Deeds project={project} card={found.card} feature={feature} />}
    </>
  );
}
