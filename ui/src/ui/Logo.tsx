// The tally: four strokes and a crossing one. It takes the colours of where it stands.

export function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path
        d="M6 6v20M12.7 6v20M19.3 6v20M26 6v20"
        fill="none"
        stroke="currentColor"
        strokeWidth="3.2"
        strokeLinecap="round"
      />
      <path d="M2.5 23.5L29.5 8.5" fill="none" stroke="var(--paper)" strokeWidth="7.4" />
      <path
        d="M2.5 23.5L29.5 8.5"
        fill="none"
        stroke="var(--alarm)"
        strokeWidth="3.4"
        strokeLinecap="round"
      />
    </svg>
  );
}

/** The large one beside sign-in and first run. */
export function LogoArt() {
  return (
    <svg viewBox="0 0 360 300" width="360" className="max-w-[82%]" aria-hidden="true">
      <path
        d="M84 40v220M148 40v220M212 40v220M276 40v220"
        fill="none"
        stroke="var(--ink)"
        strokeWidth="9"
        strokeLinecap="round"
      />
      <path d="M26 226L334 74" stroke="var(--sunk)" strokeWidth="24" />
      <path d="M26 226L334 74" stroke="var(--alarm)" strokeWidth="10" strokeLinecap="round" />
    </svg>
  );
}
