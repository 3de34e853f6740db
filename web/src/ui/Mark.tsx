/** The mark of the product: a desk with a tick on it. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false" className="shrink-0">
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <path
        d="M8 21.5h16M11 21v-8.5a2 2 0 0 1 2-2h6a2 2 0 0 1 2 2V21M13.8 15.2l1.8 1.8 3-3.4"
        fill="none"
        className="stroke-accent-ink"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
