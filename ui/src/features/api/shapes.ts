// Names for what the API sends.
import type { components } from "./schema.gen";

type S = components["schemas"];

export type EventShape = Omit<S["EventShape"], "data"> & { data: Record<string, unknown> };
export type Session = S["SessionShape"];
export type Content = S["Content"];
export type Settings = S["Settings"];
export type ProjectChange = S["ProjectChange"];
export type FeatureChange = S["FeatureChange"];
export type MergeQueue = S["MergeQueueShape"];
export type Evidence = S["EvidenceShape"];
export type Upstream = S["UpstreamShape"];
export type ProjectUsage = S["ProjectUsage"];
export type ContainerUsage = S["ContainerUsage"];
export type Subscription = S["SubscriptionShape"];
export type TimelineShape = S["TimelineShape"];
export type Instant = S["Instant"];
export type Sentence = S["SentenceShape"];
export type Report = S["ReportShape"];
export type ProjectReport = S["ProjectReport"];
export type ReportSentence = S["ReportSentence"];
export type Stats = S["Stats"];
export type Written = S["Written"];
export type AgentSpec = S["AgentSpec"];
export type Dialect = S["Dialect"];
export type EgressRule = S["EgressRule"];
export type NewProject = S["NewProject"];
export type {
  At,
  Board,
  Card,
  ColumnName,
  Columns,
  Entry,
  Feature,
  Milestone,
  Need,
  Project,
  Slot,
} from "./pending";
