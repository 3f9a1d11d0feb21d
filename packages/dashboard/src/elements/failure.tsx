import { CrosswalkError, PreconditionError } from '@crosswalk/sdk';
import { Alert, Button, Group, Text } from '@mantine/core';
import { Copyable } from './copyable.tsx';
import { Icon } from './icon.tsx';

/** What to read in place of the message of an error that speaks to programs. */
function messageOf(error: Error): string {
  const isSignedOut = error instanceof CrosswalkError && error.errorCode === 'UNAUTHENTICATED';
  // Who reads it has signed in again: until then the sign-in stands before it.
  return isSignedOut ? 'Your session had ended. You are signed in again: try once more.' : error.message;
}

/** What a person can do about an error, beside reading its message. */
function wayOut(error: CrosswalkError): string | undefined {
  if (error.status === 0) return 'Check that the server runs and that this machine reaches it, then try again.';
  if (error.status === 403) return 'Ask an admin of this environment for a role that may do this.';
  if (error.status === 404) return 'It may have been deleted, or belong to another environment.';
  if (error.status === 429)
    return error.retryAfter === undefined ? 'Wait a little, then try again.' : `Try again in ${Math.ceil(error.retryAfter)} seconds.`;
  if (error.status >= 500) return 'Try again; if it stays, tell the operator of the server the request ID.';
  return undefined;
}

interface FailureProps {
  title: string;
  error: Error;
  onRetry?: () => void;
  /** Leaves what was to be saved and shows what is stored now: the way on when somebody else was faster. */
  onCurrent?: () => void;
}

/** An error where its result would have been: what failed, what to do, and the request ID to ask about. */
export function Failure({ title, error, onRetry, onCurrent }: FailureProps) {
  if (error instanceof PreconditionError && onCurrent !== undefined) return <Conflict onCurrent={onCurrent} />;
  const known = error instanceof CrosswalkError ? error : undefined;
  const help = known === undefined ? undefined : wayOut(known);
  return (
    <Alert color="red" title={title} icon={<Icon name="warning" />} role="alert">
      <Text size="sm">{messageOf(error)}</Text>
      {known?.fieldViolations
        .filter(({ description }) => !error.message.includes(description))
        .map(({ field, description }) => (
          <Text size="sm" key={`${field} ${description}`}>
            {field}: {description}
          </Text>
        ))}
      {help !== undefined && (
        <Text size="sm" mt={4}>
          {help}
        </Text>
      )}
      <Group gap="md" mt={8}>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
        {known?.requestId !== undefined && (
          <Text size="xs" component="span">
            Request <Copyable text={known.requestId} label="request ID" />
          </Text>
        )}
      </Group>
    </Alert>
  );
}

/** What was read again meanwhile is behind the dialog: the answer to every change that came too late. */
function Conflict({ onCurrent }: { onCurrent: () => void }) {
  return (
    <Alert
      color="yellow"
      title="Somebody else changed this meanwhile"
      icon={<Icon name="warning" />}
      role="alert"
      // Yellow on yellow is not read.
      styles={{ title: { color: 'var(--mantine-color-text)' } }}
    >
      <Text size="sm">Nothing of yours was stored. Look at what is there now, then make your change again.</Text>
      <Button size="xs" variant="default" mt={8} onClick={onCurrent}>
        Show what is there now
      </Button>
    </Alert>
  );
}
