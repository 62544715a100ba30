// The live feed: what comes over the connection goes into the caches, and nothing is asked for by the clock. Two
// sockets carry it, one for all projects and all events, one for the board that is looked at, until the server sends
// both on one; a screen does not see the difference.
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { client } from "@/features/api/client";
import { expected } from "@/features/api/expected";
import { boardQuery, isOfPast, projectsQuery } from "@/features/api/queries";
import type { Board, EventShape, Project } from "@/features/api/shapes";
import { book } from "@/features/log/book";
import { Connection } from "./connection";
import type { Sent } from "./messages";
import { changedBoard, changedProjects } from "./reducer";
import { live } from "./state";
import { streamOf } from "./streams";
import { type Key, touchedBy } from "./touched";

/** What was touched is read again at most this often; the run that the dock draws, which every event touches, less so. */
const CALM = 400;
const CALM_OF_RUN = 4_000;
/** The board of a project that is not read within this time comes by its socket. */
const READ_WITHIN = 3_000;

export class Feed {
  #queries: QueryClient;
  #all: Connection;
  #board: { project: string; again: () => void; end: () => void } | null = null;
  #stale = new Map<string, Key>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #runTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(queries: QueryClient) {
    this.#queries = queries;
    this.#all = this.#connected();
  }

  #connected(): Connection {
    const projects = projectsQuery().queryKey;
    expected.add(projects);
    return new Connection({
      address: (after) => `/api/v1/live?boards=true${after === null ? "" : `&after=${after}`}`,
      batch: (messages) => this.#take(messages),
      opened: () => this.#opened(),
      lost: (retryAt) =>
        live.set({
          ...live.get(),
          phase: "lost",
          lostAt: live.get().lostAt ?? Date.now(),
          retryAt,
        }),
      refused: () => {
        expected.drop(projects);
        void this.#doubt();
      },
    });
  }

  end(): void {
    this.#all.end();
    this.#board?.end();
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#runTimer) clearTimeout(this.#runTimer);
  }

  again(): void {
    this.#all.again();
    this.#board?.again();
  }

  /** Which board is looked at. Its socket opens when the board was read: the server would draw it twice at once. */
  watch(project: string | null): void {
    if (this.#board?.project === project) return;
    this.#board?.end();
    this.#board = null;
    if (project === null) return;
    const { queryKey } = boardQuery(project);
    const isThere = () => this.#queries.getQueryState(queryKey)?.status !== "pending";
    let connection: Connection | null = null;
    const open = () => {
      leave();
      clearTimeout(timer);
      connection ??= this.#boardOf(project);
    };
    const leave = this.#queries.getQueryCache().subscribe(() => isThere() && open());
    const timer = setTimeout(open, READ_WITHIN);
    this.#board = {
      project,
      again: () => connection?.again(),
      end: () => {
        leave();
        clearTimeout(timer);
        connection?.end();
      },
    };
    if (this.#queries.getQueryData(queryKey)) open();
  }

  #boardOf(project: string): Connection {
    const query = `project=${encodeURIComponent(project)}&boards=true`;
    return new Connection({
      address: () => `/api/v1/live?${query}`,
      batch: (messages) => this.#takeBoard(project, messages),
      opened: () => {},
      lost: () => {},
      refused: () => {},
    });
  }

  #opened(): void {
    if (live.get().lostAt !== null) void this.#sameLog();
    live.set({ ...live.get(), phase: "live", lostAt: null, retryAt: null });
  }

  /** A log that was restored from a backup may end before what was seen: then everything is read anew. */
  async #sameLog(): Promise<void> {
    const { data } = await client.GET("/api/v1/stats", {}).catch(() => ({ data: undefined }));
    const { head } = live.get();
    if (!data || head === null || data.head >= head) return;
    this.#all.end();
    live.set({ ...live.get(), head: null, headAt: null });
    book.forget();
    this.#all = this.#connected();
    await this.#queries.resetQueries();
  }

  #take(messages: Sent[]): void {
    const events: EventShape[] = [];
    let head: Sent | null = null;
    for (const sent of messages) {
      if (sent.type === "event") events.push(sent.event);
      else if (sent.type === "projects")
        this.#queries.setQueryData<Project[]>(["projects", null], sent.projects);
      else if (sent.type === "project_changes") {
        const change = (old: Project[] | undefined) => old && changedProjects(old, sent.changes);
        this.#queries.setQueryData<Project[]>(["projects", null], change);
      } else if (sent.type === "head") head = sent;
    }
    if (head?.type === "head") this.#heard(head, events.at(-1));
    if (events.length === 0) return;
    book.add(events);
    this.#touchRun();
    for (const key of touchedBy(events)) this.#stale.set(JSON.stringify(key), key);
    // A board that no socket brings is read again like everything else.
    for (const { stream } of events) {
      const { project } = streamOf(stream);
      if (project && project !== this.#board?.project)
        this.#stale.set(`board ${project}`, ["board", project, null]);
    }
    this.#refresh();
  }

  #heard(
    head: { position: number; at?: string; now?: string },
    newest: EventShape | undefined,
  ): void {
    const before = live.get();
    const at = head.at ?? (newest?.position === head.position ? newest.at : undefined);
    const skew = head.now ? new Date(head.now).getTime() - Date.now() : before.skew;
    const headAt = at
      ? new Date(at).getTime()
      : head.position === before.head
        ? before.headAt
        : null;
    live.set({ ...before, phase: "live", head: head.position, headAt, skew });
    book.start(head.position);
  }

  #takeBoard(project: string, messages: Sent[]): void {
    for (const sent of messages) {
      if (sent.type === "board")
        this.#queries.setQueryData<Board>(["board", project, null], sent.board);
      if (sent.type !== "board_changes") continue;
      const change = (old: Board | undefined) => old && changedBoard(old, sent.changes);
      this.#queries.setQueryData<Board>(["board", project, null], change);
    }
  }

  #touchRun(): void {
    this.#runTimer ??= setTimeout(() => {
      this.#runTimer = null;
      void this.#queries.invalidateQueries({ queryKey: ["timeline"] });
    }, CALM_OF_RUN);
  }

  /** Reads what was touched again: at once, and then not more often than every CALM. */
  #refresh(): void {
    if (this.#timer) return;
    const keys = [...this.#stale.values()];
    this.#stale.clear();
    const predicate = (query: { queryKey: QueryKey }) => !isOfPast(query.queryKey);
    for (const queryKey of keys) void this.#queries.invalidateQueries({ queryKey, predicate });
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#stale.size > 0) this.#refresh();
    }, CALM);
  }

  /** The socket was not let in: is nobody signed in any more, or is the server away? */
  async #doubt(): Promise<void> {
    await client.GET("/api/v1/session", {}).catch(() => null);
  }
}
