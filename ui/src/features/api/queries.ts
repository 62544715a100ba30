// What is read, each under the key by which the live feed finds it again. Nothing is polled and nothing goes stale by
// itself: the feed says what changed. A read of the past never changes at all.
import {
  keepPreviousData,
  type QueryClient,
  type QueryKey,
  queryOptions,
} from "@tanstack/react-query";
import { client, must } from "./client";
import { brought } from "./expected";
import { type At, past } from "./pending";
import type { Board, EventShape, Feature, MergeQueue, Project } from "./shapes";

const query = (at: At) => ({ query: past(at) });

/** How long what nobody looks at any more is kept: whoever drags through a run leaves a state at each stop. */
const kept = (at: At) => ({ gcTime: at === null ? 300_000 : 30_000 });

/** Reads whose key ends with the instant that they are of. */
const OF_INSTANT = new Set([
  "projects",
  "board",
  "feature",
  "features",
  "queue",
  "sessions",
  "usage",
  "upstream",
  "conflicts",
  "stats",
  "why",
  "report",
]);

/** Whether a read is of an instant of the past: no event makes it another one. */
export const isOfPast = (key: QueryKey) =>
  OF_INSTANT.has(String(key[0])) && key.at(-1) !== null && key.at(-1) !== undefined;

/** What the feed brings by itself; else what is read, unless the feed brought something newer meanwhile. */
async function unlessNewer<T>(
  queries: QueryClient,
  key: QueryKey,
  read: () => Promise<T>,
): Promise<T> {
  const fed = await brought<T>(queries, key);
  if (fed !== undefined) return fed;
  const begun = Date.now();
  const found = await read();
  const state = queries.getQueryState<T>(key);
  return state?.data !== undefined && state.dataUpdatedAt >= begun ? state.data : found;
}

export const projectsQuery = (at: At = null) =>
  queryOptions({
    queryKey: ["projects", at],
    ...kept(at),
    queryFn: ({ client: queries, queryKey }) =>
      unlessNewer(
        queries,
        queryKey,
        () => must(client.GET("/api/v1/projects", { params: query(at) })) as Promise<Project[]>,
      ),
    placeholderData: keepPreviousData,
  });

export const boardQuery = (p: string, at: At = null) =>
  queryOptions<Board, Error, Board, ["board", string, At]>({
    queryKey: ["board", p, at],
    ...kept(at),
    // Asked for at once: the feed begins to bring it when the first one is there.
    queryFn: ({ client: queries, queryKey }) =>
      unlessNewer(
        queries,
        queryKey,
        () =>
          must(
            client.GET("/api/v1/projects/{p}/board", { params: { path: { p }, ...query(at) } }),
          ) as Promise<Board>,
      ),
    // While another instant is fetched, the old board stays; that of another project never does.
    placeholderData: (old) => (old?.project.name === p ? old : undefined),
  });

export const featureQuery = (p: string, id: string, at: At = null) =>
  queryOptions<Feature, Error, Feature, ["feature", string, string, At]>({
    queryKey: ["feature", p, id, at],
    ...kept(at),
    queryFn: () =>
      must(
        client.GET("/api/v1/projects/{p}/features/{id}", {
          params: { path: { p, id }, ...query(at) },
        }),
      ) as Promise<Feature>,
    placeholderData: (old) => (old?.id === id ? old : undefined),
  });

export const featuresQuery = (p: string, at: At = null) =>
  queryOptions({
    queryKey: ["features", p, at],
    ...kept(at),
    queryFn: () =>
      must(
        client.GET("/api/v1/projects/{p}/features", { params: { path: { p }, ...query(at) } }),
      ) as Promise<Feature[]>,
  });

export const queueQuery = (p: string, at: At = null) =>
  queryOptions({
    queryKey: ["queue", p, at],
    ...kept(at),
    queryFn: () =>
      must(
        client.GET("/api/v1/projects/{p}/queue", { params: { path: { p }, ...query(at) } }),
      ) as Promise<MergeQueue>,
  });

export const sessionsQuery = (p: string, at: At = null) =>
  queryOptions({
    queryKey: ["sessions", p, at],
    ...kept(at),
    queryFn: () =>
      must(client.GET("/api/v1/projects/{p}/sessions", { params: { path: { p }, ...query(at) } })),
  });

export const usageQuery = (p: string, at: At = null) =>
  queryOptions({
    queryKey: ["usage", p, at],
    ...kept(at),
    queryFn: () =>
      must(client.GET("/api/v1/projects/{p}/usage", { params: { path: { p }, ...query(at) } })),
  });

export const upstreamQuery = (p: string, at: At = null) =>
  queryOptions({
    queryKey: ["upstream", p, at],
    ...kept(at),
    queryFn: () =>
      must(client.GET("/api/v1/projects/{p}/upstream", { params: { path: { p }, ...query(at) } })),
  });

export const conflictsQuery = (p: string, at: At = null) =>
  queryOptions({
    queryKey: ["conflicts", p, at],
    ...kept(at),
    queryFn: () =>
      must(client.GET("/api/v1/projects/{p}/conflicts", { params: { path: { p }, ...query(at) } })),
  });

export const statsQuery = (at: At = null) =>
  queryOptions({
    queryKey: ["stats", at],
    ...kept(at),
    queryFn: () => must(client.GET("/api/v1/stats", { params: query(at) })),
  });

export const subscriptionsQuery = () =>
  queryOptions({
    queryKey: ["subscriptions"],
    queryFn: () => must(client.GET("/api/v1/subscriptions", {})),
  });

export const evidenceQuery = (p: string, of: { feature?: string; entry?: number }) =>
  queryOptions({
    queryKey: ["evidence", p, of],
    queryFn: () =>
      must(client.GET("/api/v1/projects/{p}/evidence", { params: { path: { p }, query: of } })),
  });

/** The sentences about one thing of a project. */
export const whyQuery = (
  p: string,
  about: "project" | "feature" | "slot" | "merge" | "session",
  id: string | null,
  at: At = null,
) =>
  queryOptions({
    queryKey: ["why", p, about, id, at],
    ...kept(at),
    queryFn: () =>
      must(
        client.GET("/api/v1/projects/{p}/why", {
          params: { path: { p }, query: { about, ...(id === null ? {} : { id }), ...past(at) } },
        }),
      ),
    placeholderData: (old, before) => (before?.queryKey[3] === id ? old : undefined),
  });

/** What happened in a project since a position, or so long ago. It is read anew when it is opened again, and stands meanwhile. */
export const reportQuery = (p: string, since: string, at: At = null) =>
  queryOptions({
    queryKey: ["report", p, since, at],
    ...kept(at),
    refetchOnMount: at === null ? "always" : true,
    queryFn: () =>
      must(
        client.GET("/api/v1/projects/{p}/report", {
          params: { path: { p }, query: { since, ...(at === null ? {} : { until: String(at) }) } },
        }),
      ),
  });

/** A text behind a digest never changes. */
export const blobQuery = (digest: string) =>
  queryOptions({
    queryKey: ["blob", digest],
    queryFn: () =>
      must(
        client.GET("/api/v1/evidence/{digest}", { params: { path: { digest } }, parseAs: "text" }),
      ),
  });

export const diffQuery = (p: string, id: string) =>
  queryOptions({
    queryKey: ["diff", p, id],
    queryFn: () =>
      must(
        client.GET("/api/v1/projects/{p}/features/{id}/diff", {
          params: { path: { p, id } },
          parseAs: "text",
        }),
      ) as Promise<string>,
    retry: false,
  });

export const entryDiffQuery = (p: string, entry: number) =>
  queryOptions({
    queryKey: ["entry-diff", p, entry],
    queryFn: () =>
      must(
        client.GET("/api/v1/projects/{p}/queue/{entry}/diff", {
          params: { path: { p, entry } },
          parseAs: "text",
        }),
      ) as Promise<string>,
    retry: false,
  });

/** Every event of one stream up to the head, in pages. */
export const streamQuery = (stream: string) =>
  queryOptions({
    queryKey: ["stream", stream],
    queryFn: async () => {
      const events: EventShape[] = [];
      let after = 0;
      for (let page = 0; page < 50; page += 1) {
        const one = await must(
          client.GET("/api/v1/events", { params: { query: { stream, after, limit: 1000 } } }),
        );
        events.push(...(one.events as EventShape[]));
        if (one.next >= one.head || one.next <= after) break;
        after = one.next;
      }
      return events;
    },
  });

export const eventQuery = (position: number) =>
  queryOptions({
    queryKey: ["event", position],
    queryFn: () =>
      must(
        client.GET("/api/v1/events/{position}", { params: { path: { position } } }),
      ) as Promise<EventShape>,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const storyQuery = (correlation: string) =>
  queryOptions({
    queryKey: ["story", correlation],
    queryFn: async () => {
      const one = await must(
        client.GET("/api/v1/events", { params: { query: { correlation, limit: 1000 } } }),
      );
      return one.events as EventShape[];
    },
  });

/** Lines of what a project's sessions printed that hold a text, the newest session first. */
export const foundQuery = (name: string, find: string) =>
  queryOptions({
    queryKey: ["found", name, find],
    queryFn: () =>
      must(
        client.GET("/api/v1/projects/{name}/transcripts", {
          params: { path: { name }, query: { find } },
        }),
      ),
    staleTime: 0,
    gcTime: 0,
  });

/** A part of the run between two times; the whole of it without them. */
export type Part = { from: string | null; to: string | null };

/** Shares of time that the dock asks for. */
const SHARES = 176;

export const timelineQuery = (project: string | null, part: Part) =>
  queryOptions({
    queryKey: ["timeline", project, part],
    queryFn: () =>
      must(
        client.GET("/api/v1/timeline", {
          params: {
            query: {
              buckets: SHARES,
              ...(project !== null && { project }),
              ...(part.from !== null && { from: part.from }),
              ...(part.to !== null && { to: part.to }),
            },
          },
        }),
      ),
    placeholderData: (old, before) => (before?.queryKey[1] === project ? old : undefined),
  });

/** The last event that is not after a time. */
export const positionQuery = (time: string) =>
  queryOptions({
    queryKey: ["position", time],
    queryFn: () => must(client.GET("/api/v1/position", { params: { query: { at: time } } })),
  });
