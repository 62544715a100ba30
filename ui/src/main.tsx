// The beginning: who looks, what is cached and how, and the router.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "@/features/api/problem";
import { press } from "@/features/keys/keys";
import { endFeed } from "@/features/live/useFeed";
import { begin } from "@/features/session/enter";
import { session } from "@/features/session/state";
import { router } from "@/routes/router";
import { prepareLayers } from "@/ui/Layers";
import "@/styles/index.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The feed says what changed; nothing grows old by itself.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // What was refused stays refused; what was not reached is tried again.
      retry: (count, error) =>
        !(error instanceof ApiError && error.status >= 400 && error.status < 500) && count < 3,
    },
  },
});

session.subscribe(() => {
  if (session.get().phase !== "out") return;
  endFeed();
  queries.clear();
});
addEventListener("keydown", press);
void begin();
prepareLayers();

const place = document.getElementById("app");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
