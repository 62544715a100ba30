// Pictures of screens against a server that runs: SUPERCARGO_PAGE and SUPERCARGO_TOKEN say where.
import { chromium } from "playwright-core";

export const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const browser = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
