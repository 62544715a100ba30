// How the interface is built: hashed files without anything inline, each beside its compressed forms, into the
// folder that SUPERCARGO_UI_OUT names. For development, /api is handed on to the server at SUPERCARGO_URL.
import { resolve } from "node:path";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed } from "./scripts/compressed.ts";

const server = process.env.SUPERCARGO_URL ?? "http://127.0.0.1:7070";

// The server hears only its own host and its own origin.
const proxy = {
  "/api": {
    target: server,
    ws: true,
    changeOrigin: true,
    headers: { origin: server },
  },
};

export default defineConfig({
  plugins: [react(), tailwind(), compressed()],
  resolve: { alias: { "@": resolve(import.meta.dirname, "src") } },
  build: {
    outDir: process.env.SUPERCARGO_UI_OUT ?? "dist",
    emptyOutDir: true,
    // A data: address would need a hole in the content security policy.
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: { proxy },
  // As the server sends it: what breaks under it is to break here first.
  preview: {
    proxy,
    headers: {
      "content-security-policy":
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
  },
});
