import type { ReactNode } from "react";
import { useMedia } from "./useMedia";

/**
 * The title of what is open beside a list. On a narrow screen the list, and with it the page's own heading, is
 * away: there this is the heading of the page.
 */
export function ViewTitle({
  alone = "(max-width: 759px)",
  hint,
  className,
  children,
}: {
  /** When the list is away. */
  alone?: string;
  /** The whole of it, where the line may be too short. */
  hint?: string;
  className?: string;
  children: ReactNode;
}) {
  const Title = useMedia(alone) ? "h1" : "h2";
  return (
    <Title className={className} title={hint}>
      {children}
    </Title>
  );
}

/** The title of a part of that, one step below it. */
export function PartTitle({
  alone = "(max-width: 759px)",
  className,
  children,
}: {
  alone?: string;
  className?: string;
  children: ReactNode;
}) {
  const Title = useMedia(alone) ? "h2" : "h3";
  return <Title className={className}>{children}</Title>;
}
