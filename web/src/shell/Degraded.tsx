import { CloudAlert } from "lucide-react";
import { useDegraded } from "@/live/LiveProvider";
import { texts } from "@/texts";

/** What is away, and what goes on without it. It says so while that is so, and then is gone. */
export function Degraded() {
  const degraded = useDegraded();
  const sentences = new Set(degraded.map(sentenceOf));
  return (
    // Always there, so that a screen reader says what comes into it.
    <div role="status" className="shrink-0">
      {[...sentences].map((sentence) => (
        <p
          key={sentence}
          className="flex items-start justify-center gap-2 border-b border-line bg-warn-soft px-4 py-1.5 text-13 text-pretty text-warn"
        >
          <CloudAlert size={16} className="mt-0.5 shrink-0" aria-hidden />
          {sentence}
        </p>
      ))}
    </div>
  );
}

function sentenceOf(dependency: string): string {
  const { other, ...known } = texts.live.degraded;
  return dependency in known ? known[dependency as keyof typeof known] : other;
}
