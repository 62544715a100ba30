// The addresses. Each names its screen and reads its search once; what is behind them is in the features. Screens that
// are not looked at first are loaded when they are opened.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
  type RouteComponent,
  redirect,
} from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { BoardScreen } from "@/features/board/BoardScreen";
import { Frame } from "@/features/frame/Frame";
import { parsed, searchOf, written } from "@/features/nav/search";
import { ProjectsScreen } from "@/features/projects/ProjectsScreen";
import { SignIn, SignInAgain } from "@/features/session/SignIn";
import { session } from "@/features/session/state";
import { Lost } from "./Lost";

const Drawer = lazy(() => import("@/features/feature/Drawer"));

function Root() {
  const { phase } = session.use();
  if (phase === "unknown") return null;
  if (phase === "out") return <SignIn />;
  return (
    <>
      <Outlet />
      {phase === "lapsed" && <SignInAgain />}
    </>
  );
}

const root = createRootRoute({
  component: Root,
  validateSearch: searchOf,
  notFoundComponent: Lost,
});

const framed = createRoute({
  getParentRoute: () => root,
  id: "framed",
  component: () => (
    <Frame project={null}>
      <Outlet />
    </Frame>
  ),
});

const project = createRoute({
  getParentRoute: () => root,
  path: "/p/$project",
  component: function Project() {
    const { project: name } = project.useParams();
    const search = project.useSearch();
    return (
      <Frame project={name}>
        <Outlet />
        <Suspense>{search.feature && <Drawer project={name} />}</Suspense>
      </Frame>
    );
  },
});

/** A screen outside of projects. */
function screen<P extends string>(path: P, component: RouteComponent) {
  return createRoute({ getParentRoute: () => framed, path, component });
}

/** A screen of a project. */
function within<P extends string>(path: P, Screen: React.ComponentType<{ project: string }>) {
  return createRoute({
    getParentRoute: () => project,
    path,
    component: function Within() {
      const { project: name } = project.useParams();
      return <Screen key={name} project={name} />;
    },
  });
}

const index = createRoute({
  getParentRoute: () => project,
  path: "/",
  beforeLoad: ({ params, search }) => {
    throw redirect({ to: "/p/$project/board", params, search });
  },
});

const LogScreen = lazyRouteComponent(() => import("@/features/log/LogScreen"));

const SettingsScreen = lazyRouteComponent(() => import("@/features/settings/SettingsScreen"));
const MilestoneScreen = lazyRouteComponent(() => import("@/features/milestones/MilestoneScreen"));

const settings = within("settings", ({ project: name }) => (
  <SettingsScreen project={name} section="models" />
));

const section = createRoute({
  getParentRoute: () => project,
  path: "settings/$section",
  component: function Section() {
    const { project: name, section: which } = section.useParams();
    return <SettingsScreen project={name} section={which} />;
  },
});

const milestone = createRoute({
  getParentRoute: () => project,
  path: "milestones/$step",
  component: function Step() {
    const { project: name, step } = milestone.useParams();
    return <MilestoneScreen project={name} step={Number(step)} />;
  },
});

const doctor = createRoute({
  getParentRoute: () => root,
  path: "/doctor",
  component: lazyRouteComponent(() => import("@/features/session/DoctorScreen")),
});

/** Whoever is not in sees the sign-in wherever they are; whoever is in, or has just come in by a link, goes on from here. */
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: () => <Navigate to="/" replace />,
});

const tree = root.addChildren([
  signIn,
  doctor,
  framed.addChildren([
    screen("/", () => <ProjectsScreen />),
    screen(
      "needs-you",
      lazyRouteComponent(() => import("@/features/needs/NeedsScreen")),
    ),
    screen("log", () => <LogScreen project={null} />),
    screen(
      "audit",
      lazyRouteComponent(() => import("@/features/audit/AuditScreen")),
    ),
    screen(
      "new",
      lazyRouteComponent(() => import("@/features/wizard/WizardScreen")),
    ),
  ]),
  project.addChildren([
    index,
    within("board", BoardScreen),
    within(
      "fleet",
      lazyRouteComponent(() => import("@/features/fleet/FleetScreen")),
    ),
    within(
      "queue",
      lazyRouteComponent(() => import("@/features/queue/QueueScreen")),
    ),
    within(
      "output",
      lazyRouteComponent(() => import("@/features/output/OutputScreen")),
    ),
    within("log", LogScreen),
    within(
      "report",
      lazyRouteComponent(() => import("@/features/report/ReportScreen")),
    ),
    within(
      "insights",
      lazyRouteComponent(() => import("@/features/insights/InsightsScreen")),
    ),
    settings,
    section,
    milestone,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  parseSearch: parsed,
  stringifySearch: written,
  defaultPreload: false,
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
