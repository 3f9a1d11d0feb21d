import { PasswordInput } from '@mantine/core';

interface NewPasswordProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Left empty, the password stays as it is. */
  optional?: boolean;
}

/** Asks for a password that is to be set. The rule is the server's: 12 characters, any. */
export function NewPassword({ label, value, onChange, optional = false }: NewPasswordProps) {
  return (
    <PasswordInput
      label={label}
      description={
        optional ? 'Empty: it stays as it is. At least 12 characters; their sessions end.' : 'At least 12 characters. A sentence is good.'
      }
      required={!optional}
      withAsterisk={false}
      minLength={12}
      autoComplete="new-password"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
