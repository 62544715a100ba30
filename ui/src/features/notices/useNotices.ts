// Plays and shows notices as they happen.
import { useEffect, useRef } from "react";
import type { Project } from "@/features/api/shapes";
import { visible } from "@/ui/visible";
import { type Notice, noticesOf, notifications, sounds } from "./notices";

/** Tones in Hz, one after the other. */
const TUNES: Record<Notice["kind"], readonly number[]> = {
  started: [523, 659],
  completed: [523, 659, 784, 1047],
  needs: [440],
};
const TONE = 0.14;

function play(kind: Notice["kind"]): void {
  const context = new AudioContext();
  TUNES[kind].forEach((tone, at) => {
    const from = context.currentTime + at * TONE;
    const [voice, volume] = [context.createOscillator(), context.createGain()];
    voice.frequency.value = tone;
    volume.gain.setValueAtTime(0.08, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + TONE);
    voice.connect(volume).connect(context.destination);
    voice.start(from);
    voice.stop(from + TONE);
  });
  setTimeout(() => void context.close(), 2_000);
}

function show(notice: Notice): void {
  // Who looks at the page sees it there.
  if (!document.hidden || globalThis.Notification?.permission !== "granted") return;
  new Notification(notice.kind === "needs" ? `${notice.project} needs you` : "Supercargo", {
    body: visible(notice.text).slice(0, 200),
    icon: "/favicon.svg",
    tag: `${notice.project} ${notice.kind}`,
  });
}

/** Asks the browser whether notifications may be shown; answers whether they are on. */
export async function askForNotifications(): Promise<boolean> {
  if (!("Notification" in globalThis)) return false;
  return (await Notification.requestPermission()) === "granted";
}

export function useNotices(project: Project | undefined): void {
  const before = useRef<Project | undefined>(undefined);
  useEffect(() => {
    const found = noticesOf(before.current, project);
    before.current = project;
    for (const notice of found) {
      if (sounds.get()) play(notice.kind);
      if (notifications.get()) show(notice);
    }
  }, [project]);
}
