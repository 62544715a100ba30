// What is written, one function an operation, named as the API names it.
import { client, must } from "./client";
import type { Content, FeatureChange, NewProject, ProjectChange } from "./shapes";

type One = { p: string; id: string };
const path = <T extends object>(of: T) => ({ params: { path: of } });

export const writes = {
  addProject: (body: NewProject) => must(client.POST("/api/v1/projects", { body })),
  changeProject: (p: string, body: ProjectChange, version?: number) =>
    must(
      client.PATCH("/api/v1/projects/{p}", {
        ...path({ p }),
        body,
        ...(version !== undefined && { headers: { "if-match": `"${version}"` } }),
      }),
    ),
  deleteProject: (p: string) => must(client.DELETE("/api/v1/projects/{p}", path({ p }))),
  startProject: (p: string) => must(client.POST("/api/v1/projects/{p}/start", path({ p }))),
  drainProject: (p: string) => must(client.POST("/api/v1/projects/{p}/drain", path({ p }))),
  stopProject: (p: string) => must(client.POST("/api/v1/projects/{p}/stop", path({ p }))),
  retryProject: (p: string) => must(client.POST("/api/v1/projects/{p}/retry", path({ p }))),
  initializeProject: (p: string) =>
    must(client.POST("/api/v1/projects/{p}/initialize", path({ p }))),
  adopt: (p: string) => must(client.POST("/api/v1/projects/{p}/adopt", path({ p }))),
  scaffold: (p: string) => must(client.POST("/api/v1/projects/{p}/scaffold", path({ p }))),
  setTarget: (p: string, count: number) =>
    must(client.PUT("/api/v1/projects/{p}/target", { ...path({ p }), body: { count } })),
  importBeads: (p: string, text: string | null) =>
    must(client.POST("/api/v1/projects/{p}/beads", { ...path({ p }), body: { text } })),
  syncBeads: (p: string) => must(client.POST("/api/v1/projects/{p}/beads/sync", path({ p }))),
  publishBeads: (p: string) => must(client.POST("/api/v1/projects/{p}/beads/publish", path({ p }))),
  exportBeads: (p: string) =>
    must(
      client.GET("/api/v1/projects/{p}/beads", { ...path({ p }), parseAs: "text" }),
    ) as Promise<string>,

  addFeature: (p: string, content: Content, depends_on: string[]) =>
    must(
      client.POST("/api/v1/projects/{p}/features", {
        ...path({ p }),
        body: { content, depends_on },
      }),
    ),
  addBacklog: (p: string, items: { content: Content }[]) =>
    must(client.POST("/api/v1/projects/{p}/backlog", { ...path({ p }), body: { items } })),
  changeFeature: ({ p, id }: One, body: FeatureChange, version?: number) =>
    must(
      client.PATCH("/api/v1/projects/{p}/features/{id}", {
        ...path({ p, id }),
        body,
        ...(version !== undefined && { headers: { "if-match": `"${version}"` } }),
      }),
    ),
  withdrawFeature: (of: One) => must(client.DELETE("/api/v1/projects/{p}/features/{id}", path(of))),
  answer: (of: One, text: string) =>
    must(client.POST("/api/v1/projects/{p}/features/{id}/answer", { ...path(of), body: { text } })),
  comment: (of: One, text: string) =>
    must(
      client.POST("/api/v1/projects/{p}/features/{id}/comments", { ...path(of), body: { text } }),
    ),
  close: (of: One, how: "done_elsewhere" | "wont_do") =>
    must(client.POST("/api/v1/projects/{p}/features/{id}/close", { ...path(of), body: { how } })),
  reopen: (of: One, text: string) =>
    must(client.POST("/api/v1/projects/{p}/features/{id}/reopen", { ...path(of), body: { text } })),
  requeue: (of: One) => must(client.POST("/api/v1/projects/{p}/features/{id}/requeue", path(of))),
  requeueAll: (p: string) =>
    must(client.POST("/api/v1/projects/{p}/features/requeue", path({ p }))),
  undoFeature: (of: One) => must(client.POST("/api/v1/projects/{p}/features/{id}/undo", path(of))),
  depend: (of: One, on: string, remove: boolean) =>
    must(
      client.POST("/api/v1/projects/{p}/features/{id}/dependencies", {
        ...path(of),
        body: { on, remove },
      }),
    ),
  claimOne: (of: One) =>
    must(client.POST("/api/v1/projects/{p}/features/{id}/claim", { ...path(of), body: {} })),
  claimNext: (p: string) =>
    must(client.POST("/api/v1/projects/{p}/features/claim", { ...path({ p }), body: {} })),
  release: (of: One, epoch: number, reason: string, holder: string | null) =>
    must(
      client.POST("/api/v1/projects/{p}/features/{id}/release", {
        ...path(of),
        body: { epoch, reason, ...(holder !== null && { holder }) },
      }),
    ),
  submit: (of: One, epoch: number, sha: string, holder: string | null) =>
    must(
      client.POST("/api/v1/projects/{p}/features/{id}/submit", {
        ...path(of),
        body: { epoch, sha, ...(holder !== null && { holder }) },
      }),
    ),

  restartContainer: (p: string, n: number) =>
    must(client.POST("/api/v1/projects/{p}/containers/{n}/restart", path({ p, n }))),
  stopContainer: (p: string, n: number) =>
    must(client.POST("/api/v1/projects/{p}/containers/{n}/stop", path({ p, n }))),

  approveChange: (p: string, entry: number) =>
    must(client.POST("/api/v1/projects/{p}/queue/{entry}/approve", path({ p, entry }))),
  refuseChange: (p: string, entry: number, text: string) =>
    must(
      client.POST("/api/v1/projects/{p}/queue/{entry}/refuse", {
        ...path({ p, entry }),
        body: { text },
      }),
    ),
  resumeQueue: (p: string) => must(client.POST("/api/v1/projects/{p}/queue/resume", path({ p }))),
  fetchUpstream: (p: string) =>
    must(client.POST("/api/v1/projects/{p}/upstream/fetch", path({ p }))),
  acceptUpstream: (p: string, sha: string) =>
    must(client.POST("/api/v1/projects/{p}/upstream/accept", { ...path({ p }), body: { sha } })),
  followBranch: (p: string) =>
    must(client.POST("/api/v1/projects/{p}/upstream/follow", { ...path({ p }), body: {} })),
  moveUpstream: (p: string, git_url: string) =>
    must(client.POST("/api/v1/projects/{p}/upstream/move", { ...path({ p }), body: { git_url } })),
  forgetHostKeys: (p: string) =>
    must(client.DELETE("/api/v1/projects/{p}/upstream/host-keys", path({ p }))),
  showHook: (p: string) => must(client.GET("/api/v1/projects/{p}/upstream/hook", path({ p }))),

  subscribe: (name: string, project: string | null, types: string[]) =>
    must(client.POST("/api/v1/subscriptions", { body: { name, project, types } })),
  replay: (name: string) =>
    must(client.POST("/api/v1/subscriptions/{name}/replay", { ...path({ name }), body: {} })),
  makeLink: () => must(client.POST("/api/v1/session/link")),
  unsubscribe: (name: string) =>
    must(client.DELETE("/api/v1/subscriptions/{name}", path({ name }))),
};
