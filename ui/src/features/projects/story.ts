// What a project's own stream tells: when it began and ended, and which milestones were reached. True at any instant:
// events after it are left out.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { streamQuery } from "@/features/api/queries";
import type { At, EventShape, Milestone } from "@/features/api/shapes";

export type ProjectStory = {
  started: string | null;
  completed: EventShape | null;
  milestones: Milestone[];
  initializing: EventShape | null;
};

const isAfter = (event: EventShape, at: At) =>
  at !== null && (typeof at === "number" ? event.position > at : event.at > at);

function settled(found: Map<number, Milestone>, event: EventShape): void {
  const covers = Array.isArray(event.data.covers) ? (event.data.covers as number[]) : [];
  for (const step of covers) {
    found.set(step, {
      step,
      state: "settled",
      position: event.position,
      at: event.at,
      findings: event.data.findings as number,
      report: event.data.report as string,
      session: event.data.session as string,
    });
  }
}

export function storyOf(events: readonly EventShape[], at: At): ProjectStory {
  const found = new Map<number, Milestone>();
  const story: ProjectStory = {
    started: null,
    completed: null,
    milestones: [],
    initializing: null,
  };
  for (const event of events) {
    if (isAfter(event, at)) break;
    switch (event.type) {
      case "project.started":
        story.started ??= event.at;
        break;
      case "project.initialization_started":
        story.initializing = event;
        break;
      case "project.initialized":
      case "project.initialization_lapsed":
        story.initializing = null;
        break;
      case "project.milestone_due": {
        const step = event.data.step as number;
        if (!found.has(step))
          found.set(step, { step, state: "due", position: event.position, at: event.at });
        break;
      }
      case "project.milestone_settled":
        settled(found, event);
        break;
      case "project.completed":
        story.completed = event;
        break;
      case "project.resumed":
        story.completed = null;
        break;
    }
  }
  story.milestones = [...found.values()].sort((a, b) => a.step - b.step);
  return story;
}

export function useProjectStory(project: string, at: At): ProjectStory {
  const { data } = useQuery(streamQuery(`project-${project}`));
  return useMemo(() => storyOf(data ?? [], at), [data, at]);
}
