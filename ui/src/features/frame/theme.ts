// Light or dark: as the system has it until somebody says otherwise, kept in this browser.
import { useEffect } from "react";
import { kept } from "@/ui/store";
import { useMedia } from "@/ui/useMedia";

type Theme = "light" | "dark" | "system";
export const theme = kept<Theme>("theme", "system");

export function toggleTheme(): void {
  theme.set(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
}

/** Puts theme and mode on the page. */
export function usePaper(isPast: boolean): void {
  const chosen = theme.use();
  const dark = useMedia("(prefers-color-scheme: dark)");
  useEffect(() => {
    document.documentElement.dataset.theme =
      chosen === "system" ? (dark ? "dark" : "light") : chosen;
  }, [chosen, dark]);
  useEffect(() => {
    document.documentElement.dataset.mode = isPast ? "past" : "now";
  }, [isPast]);
}
