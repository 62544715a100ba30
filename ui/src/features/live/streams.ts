// The names of streams: feature-PROJECT/ID, container-PROJECT/N, trunk-PROJECT, project-PROJECT, backlog-PROJECT.

export type StreamName = { kind: string; project: string | null; id: string | null };

const PROJECTS = new Set(["feature", "container", "trunk", "project", "backlog"]);

export function streamOf(stream: string): StreamName {
  const dash = stream.indexOf("-");
  const kind = dash < 0 ? stream : stream.slice(0, dash);
  if (dash < 0 || !PROJECTS.has(kind))
    return { kind, project: null, id: dash < 0 ? null : stream.slice(dash + 1) };
  const rest = stream.slice(dash + 1);
  const slash = rest.indexOf("/");
  if (slash < 0) return { kind, project: rest, id: null };
  return { kind, project: rest.slice(0, slash), id: rest.slice(slash + 1) };
}
