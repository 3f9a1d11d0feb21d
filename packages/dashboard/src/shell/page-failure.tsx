import type { ErrorComponentProps } from '@tanstack/react-router';
import { Failure } from '../elements/failure.tsx';

/** A page that broke as it was drawn. */
export function PageFailure({ error }: ErrorComponentProps) {
  return (
    <Failure
      title="The page could not be shown"
      error={error instanceof Error ? error : new Error(String(error))}
      onRetry={() => window.location.reload()}
    />
  );
}
